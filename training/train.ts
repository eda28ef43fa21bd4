import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { decodeText } from '@heddle/protocol/base'
import { isRecorded, type TrainingRecord } from '../packages/node/src/inference/index.ts'
import type { Example } from './dataset/generate.ts'
import { modelFolder } from './folder.ts'
import { shape, trainingPlan } from './plan.ts'
import {
  checkpointDigest,
  createBatches,
  createTrainer,
  digestOf,
  initialState,
  kernels,
  readCheckpoint,
  readLessons,
  writeCheckpoint,
  writeModelFile,
} from './trainer.ts'

const help = `node training/train.ts [--from CHECKPOINT] [--steps N] [--out FOLDER] [--publish]

Trains the order model, from the beginning or from a checkpoint, and prints the digest of each
checkpoint; one that models/order-tools/training.json has too is compared with it.
--out      where checkpoints go (default: none are kept)
--publish  after the last step: writes model.bin and training.json`

const given = parseArgs({
  options: {
    from: { type: 'string' },
    steps: { type: 'string' },
    out: { type: 'string' },
    publish: { type: 'boolean' },
    help: { type: 'boolean' },
  },
}).values

const file = (name: string) => new Uint8Array(readFileSync(new URL(name, modelFolder)))

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** The digests that were published, by step. */
function publishedDigests(): Map<number, string> {
  try {
    const record = JSON.parse(decodeText(file('training.json'))) as TrainingRecord
    return new Map(record.checkpoints.map(({ step, digest }) => [step, digest]))
  } catch {
    return new Map()
  }
}

function train(): number {
  const { steps, checkpointSteps } = trainingPlan
  const examples = decodeText(file('dataset.jsonl')).trim().split('\n')
  const batches = createBatches(readLessons(examples.map((line) => JSON.parse(line) as Example)))
  const start = given.from === undefined ? initialState() : readCheckpoint(readFileSync(given.from))
  const last = Math.min(steps, start.step + Number(given.steps ?? steps))
  const trainer = createTrainer(start)
  const known = publishedDigests()
  // Publishing a run that goes on from a checkpoint keeps what was published up to there.
  const isNew = (step: number) => given.publish === true && step > start.step
  const made: { step: number; digest: string }[] = []
  let wrong = 0

  const record = (step: number) => {
    const state = trainer.state()
    const digest = checkpointDigest(state)
    made.push({ step, digest })
    const published = isNew(step) ? undefined : known.get(step)
    const isWrong = published !== undefined && published !== digest
    if (isWrong) wrong += 1
    const verdict =
      published === undefined
        ? ''
        : isWrong
          ? `  WRONG: published is ${published}`
          : '  as published'
    say(`step ${step}  ${digest}${verdict}`)
    if (given.out === undefined) return
    mkdirSync(given.out, { recursive: true })
    writeFileSync(`${given.out}/step-${step}.checkpoint`, writeCheckpoint(state))
  }

  record(start.step)
  for (let step = start.step; step < last; step++) {
    const loss = trainer.learn(batches(step))
    if ((step + 1) % 20 === 0) say(`step ${step + 1}  loss ${loss.toFixed(4)}`)
    if (isRecorded(step + 1, checkpointSteps, last)) record(step + 1)
  }
  if (given.publish === true) {
    const before = [...known].filter(([step]) => step < start.step)
    const earlier = before.map(([step, digest]) => ({ step, digest }))
    publish(trainer.state().weights, [...earlier, ...made])
  }
  return wrong === 0 ? 0 : 1
}

function publish(weights: Float32Array, checkpoints: TrainingRecord['checkpoints']): void {
  const model = writeModelFile(weights)
  const record: TrainingRecord = {
    version: 1,
    kernels: digestOf(kernels),
    dataset: digestOf(file('dataset.jsonl')),
    tokenizer: digestOf(file('tokenizer.bin')),
    plan: trainingPlan,
    shape,
    checkpoints,
    model: digestOf(model),
  }
  writeFileSync(new URL('model.bin', modelFolder), model)
  writeFileSync(new URL('training.json', modelFolder), `${JSON.stringify(record, null, 2)}\n`)
  say(`model ${record.model}`)
}

if (given.help === true) say(help)
else process.exitCode = train()
