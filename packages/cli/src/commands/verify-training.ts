import {
  checkInterval,
  dataHash,
  openRun,
  readJob,
  readTrainingKernels,
  type StatedCheckpoint,
  statedCheckpoint,
  type TrainingRun,
  trainingModuleFormat,
} from '@heddle/node/inference'
import { createRuntime, nodeCrypto } from '@heddle/node/runtime'
import { HeddleError } from '@heddle/protocol/base'
import { tagValue } from '@heddle/protocol/item'
import type { Client } from '@heddle/sdk'
import { type Given, idArgument, textFlag, usageError } from '../command.ts'
import { connect } from '../connect.ts'
import { answer, elapsed, withProgress } from '../output.ts'

const { sha256 } = nodeCrypto
/** A result with a checkpoint takes megabytes. */
const pageSlots = 8

/**
 * `heddle verify training PROCESS`: runs one interval between two checkpoints again here, or with `--all` every one.
 * Exit code 0 only where all of them end with the digest that the process stated.
 */
export async function verifyTraining(process: string, { flags, signal }: Given): Promise<number> {
  const processId = idArgument('process', process)
  const client = connect(flags)
  const run = await withProgress('fetching', openProcessRun(client, processId, signal))
  const stated = await withProgress('reading', readCheckpoints(client, processId, signal))
  const pairs = chooseIntervals(stated, textFlag(flags, 'from-step'), flags.all === true)
  const spent = elapsed()
  const verdicts = pairs.map(([from, to]) => checkInterval(run, from, to))
  const isRight = (each: (typeof verdicts)[number]) => each.found === each.stated
  const lines = verdicts.map((each) => {
    const steps = `steps ${each.fromStep} to ${each.toStep}`
    if (isRight(each)) return `right    ${steps}: ${each.found}`
    if (each.badStart !== undefined)
      return `wrong    ${steps}: the state before has ${each.badStart}`
    return `differs  ${steps}: stated ${each.stated}, here ${each.found}`
  })
  const isAllRight = verdicts.every(isRight)
  lines.push(
    `${stated.length} checkpoints stated, ${pairs.length} intervals run here in ${spent()}`,
  )
  const value = {
    process: processId,
    intervals: verdicts,
    verdict: isAllRight ? 'same' : 'differs',
  }
  answer(flags.json === true, value, lines.join('\n'))
  return isAllRight ? 0 : 1
}

/** The run of a training process, from items whose hashes its job names. */
async function openProcessRun(
  client: Client,
  processId: string,
  signal: AbortSignal,
): Promise<TrainingRun> {
  const process = await client.item(processId, signal)
  const module = await client.item(tagValue(process.tags, 'Module') ?? '', signal)
  if (tagValue(module.tags, 'Module-Format') !== trainingModuleFormat) {
    const text = `process ${processId} is no training: its module is of another format`
    throw new HeddleError('training-unknown', 'invalid', text, { processId })
  }
  const job = readJob(module.data)
  const part = async (name: 'dataset' | 'tokenizer') => {
    const { data } = await client.item(job[name], signal)
    if (dataHash(data, sha256) === job[`${name}Hash`]) return data
    const text = `the ${name} (item ${job[name]}) is not the one that the training names`
    throw new HeddleError('training-part-damaged', 'invalid', text)
  }
  const [dataset, tokenizer] = await Promise.all([part('dataset'), part('tokenizer')])
  const kernels = await readTrainingKernels(createRuntime().disk)
  return openRun({ job, dataset, tokenizer: tokenizer.slice(), kernels, sha256 })
}

async function readCheckpoints(
  client: Client,
  processId: string,
  signal: AbortSignal,
): Promise<StatedCheckpoint[]> {
  const found: StatedCheckpoint[] = []
  const handle = client.process(processId)
  for (let from: string | undefined; ; ) {
    const page = await handle.results({ limit: pageSlots, signal, ...(from ? { from } : {}) })
    for (const { slot, error, raw } of page.results) {
      const stated = error === undefined ? statedCheckpoint(slot, raw.Output) : undefined
      if (stated !== undefined) found.push(stated)
    }
    from = page.results.at(-1)?.cursor
    if (!page.hasNextPage || from === undefined) return found
  }
}

type Interval = readonly [StatedCheckpoint, StatedCheckpoint]

function chooseIntervals(
  stated: readonly StatedCheckpoint[],
  fromText: string | undefined,
  all: boolean,
): Interval[] {
  const pairs = stated.slice(1).map((to, i): Interval => [stated[i] ?? to, to])
  if (all && pairs.length > 0) return pairs
  const step = fromText === undefined ? pairs[0]?.[0].step : Number(fromText)
  const chosen = pairs.filter(([from]) => from.step === step)
  if (chosen.length > 0) return chosen
  const known = pairs.map(([from]) => from.step).join(', ') || 'none yet'
  throw usageError(`no interval begins at step ${fromText ?? 0}. Begun at: ${known}`)
}
