import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { weightCount } from '../packages/node/src/inference/index.ts'
import { modelFolder } from './folder.ts'
import { answerOrder, openOrderModel, readExamples } from './open-model.ts'
import { shape } from './plan.ts'
import { digestOf } from './trainer.ts'

const help = `node training/evaluate.ts [--wrong] [--taught N] [--publish]

How often the order model gives exactly the right call, in int8 and in f32:
  taught    the first N examples it was trained on (default 200)
  draws     wordings and words it knows, in orders it has not seen
  wordings  ways to say it that it was never taught
  words     names and tokens it was never taught
--wrong    prints each wrong answer
--publish  writes model.json: what the model is, and these results`

const given = parseArgs({
  options: {
    wrong: { type: 'boolean' },
    publish: { type: 'boolean' },
    taught: { type: 'string' },
    help: { type: 'boolean' },
  },
}).values

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

type Result = {
  readonly precision: string
  readonly part: string
  readonly right: number
  readonly of: number
}

async function evaluate(): Promise<Result[]> {
  const taught = readExamples('dataset.jsonl').slice(0, Number(given.taught ?? 200))
  const held = ['draws', 'wordings', 'words'].map(
    (part) => [part, readExamples(`held-out-${part}.jsonl`)] as const,
  )
  const results: Result[] = []
  for (const precision of ['int8', 'f32'] as const) {
    const model = await openOrderModel(precision)
    for (const [part, examples] of [['taught', taught] as const, ...held]) {
      const wrong = examples
        .map(({ order, call }) => ({ order, call, answer: answerOrder(model, order) }))
        .filter(({ call, answer }) => answer !== call)
      if (given.wrong === true) {
        for (const { order, call, answer } of wrong)
          say(`  ${order}\n    wanted ${call}\n    got    ${answer}`)
      }
      const [right, of] = [examples.length - wrong.length, examples.length]
      results.push({ precision, part, right, of })
      const share = ((right / of) * 100).toFixed(1)
      say(`${precision.padEnd(4)}  ${part.padEnd(8)}  ${right} of ${of}  ${share} %`)
    }
  }
  return results
}

/**
 * What the model is, where it came from and how good it is: read by people and by `heddle tour`.
 */
function publish(results: readonly Result[]): void {
  const digest = (name: string) => digestOf(readFileSync(new URL(name, modelFolder)))
  const about = {
    name: 'order-tools',
    licence: 'Apache-2.0',
    format: 'llama2c',
    precision: 'int8',
    weights: weightCount(shape),
    files: {
      'model.bin': digest('model.bin'),
      'tokenizer.bin': digest('tokenizer.bin'),
      'training.json': digest('training.json'),
      'dataset.jsonl': digest('dataset.jsonl'),
    },
    evaluation: results,
  }
  writeFileSync(new URL('model.json', modelFolder), `${JSON.stringify(about, null, 2)}\n`)
}

if (given.help === true) say(help)
else {
  const results = await evaluate()
  if (given.publish === true) publish(results)
}
