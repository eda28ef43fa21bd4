import { decodeText, encodeBase64Url, encodeText, isHeddleError } from '@heddle/protocol/base'
import { type Tag, tagValue } from '@heddle/protocol/item'
import { gasExhausted, trainMessageInvalid } from '../errors.ts'
import type { GivenMessage } from '../guest/infer-message.ts'
import type { GuestImage } from '../guest/memory-image.ts'
import { captureMemory } from '../guest/memory-image.ts'
import { type Response, replyMessage, responseJson } from '../guest/reply.ts'
import { weightCount } from './arena.ts'
import { checkpointBytes, readCheckpoint, writeCheckpoint } from './checkpoint.ts'
import { messageLimits } from './limits.ts'
import { stepGas, type TrainingRun } from './run.ts'

/** What a training process remembers beside the checkpoint of its newest step. */
type TrainingLog = {
  /** Messages sent so far. */
  readonly sent: number
  readonly checkpoints: readonly { readonly step: number; readonly digest: string }[]
}

/** What a result says of the training; the checkpoint where its step is one of the record. */
export type TrainingOutput = {
  readonly data: string
  readonly training: {
    readonly step: number
    readonly checkpoint?: {
      readonly digest: string
      /** The whole state, base64url: whoever has it goes on from this step. Absent for step 0. */
      readonly bytes?: string
    }
    /** The record as JSON, with the last step. */
    readonly record?: string
  }
}

type Environment = {
  readonly Process: { readonly Id: string; readonly Owner: string; readonly Tags: readonly Tag[] }
  readonly Module: { readonly Tags: readonly Tag[] }
}

const logBytes = 65_536

/** Linear memory of a training process: the newest checkpoint, then u32 length and its log as JSON. */
export function trainingStateBytes(run: TrainingRun): number {
  const used = checkpointBytes(run.job.course.shape) + logBytes
  return Math.ceil(used / 65_536) * 65_536
}

function readLog(memory: Uint8Array, at: number): TrainingLog {
  const length = new DataView(memory.buffer, memory.byteOffset).getUint32(at, true)
  if (length === 0) return { sent: 0, checkpoints: [] }
  return JSON.parse(decodeText(memory.subarray(at + 4, at + 4 + length))) as TrainingLog
}

function writeLog(memory: Uint8Array, at: number, log: TrainingLog): void {
  const bytes = encodeText(JSON.stringify(log))
  memory.fill(0, at, at + logBytes)
  new DataView(memory.buffer, memory.byteOffset).setUint32(at, bytes.length, true)
  memory.set(bytes, at + 4)
}

type Message = GivenMessage & { readonly Owner?: string; readonly Cron?: boolean }

/** A live training process as compute's port has it. */
export type TrainingGuest = {
  handle(message: string, environment: string): string
  memory(): Uint8Array
  capture(): GuestImage
  close(): void
}

/**
 * A process that trains: `Train` takes steps of the run, up to the next checkpoint at most; `Info` tells how far
 * it is. Only its owner has it train, or its cron.
 */
export function createTrainingGuest(run: TrainingRun, memory: Uint8Array): TrainingGuest {
  const { shape, plan } = run.job.course
  const stateBytes = checkpointBytes(shape)

  const boot = (): Response => {
    const first = run.start()
    const digest = run.digest(first)
    memory.set(writeCheckpoint(first))
    writeLog(memory, stateBytes, { sent: 0, checkpoints: [{ step: 0, digest }] })
    const data = `training ${run.job.name}: ${plan.steps} steps`
    return { Output: { data, training: { step: 0, checkpoint: { digest } } }, GasUsed: 0 }
  }

  const train = (message: Message, gasMax: number): Response => {
    const from = readCheckpoint(shape, memory.subarray(0, stateBytes))
    if (from.step >= plan.steps) throw trainMessageInvalid(`all ${plan.steps} steps are taken`)
    const toStep = Math.min(from.step + stepsOf(message.Tags), run.nextRecorded(from.step))
    const gas = (toStep - from.step) * stepGas(run.job, weightCount(shape))
    if (gas > gasMax) throw gasExhausted(gas, gasMax)
    const log = readLog(memory, stateBytes)
    const { state, loss } = run.advance(from, toStep)
    const bytes = writeCheckpoint(state)
    const isRecorded = toStep === run.nextRecorded(from.step)
    const digest = isRecorded ? run.digest(state) : undefined
    const made = digest === undefined ? [] : [{ step: toStep, digest }]
    const checkpoints = [...log.checkpoints, ...made]
    memory.set(bytes)
    writeLog(memory, stateBytes, { sent: log.sent + 1, checkpoints })
    const isLast = toStep === plan.steps
    const record = isLast ? JSON.stringify(run.record(checkpoints, state)) : undefined
    const data = `step ${toStep} of ${plan.steps}, loss ${loss.toFixed(4)}`
    const tags = trainedTags(toStep, loss, digest, isLast)
    const reply = replyMessage(message, log.sent + 1, tags, data)
    const training = describeStep(toStep, digest, bytes, record)
    return { Messages: [reply], Output: { data, training }, GasUsed: gas }
  }

  const tellInfo = (message: Message): Response => {
    const log = readLog(memory, stateBytes)
    const { step } = readCheckpoint(shape, memory.subarray(0, stateBytes))
    const { name, dataset } = run.job
    const { checkpoints } = log
    const data = JSON.stringify({ name, dataset, step, steps: plan.steps, checkpoints })
    writeLog(memory, stateBytes, { ...log, sent: log.sent + 1 })
    const reply = replyMessage(message, log.sent + 1, { Action: 'Info-Response' }, data)
    return { Messages: [reply], Output: { data }, GasUsed: 0 }
  }

  const evaluate = (message: Message, environment: Environment): Response => {
    const { Id, Owner } = environment.Process
    if (message.Id === Id) return boot()
    const action = tagValue(message.Tags, 'Action')
    if (action === 'Info') return tellInfo(message)
    if (action !== 'Train') return { Output: { data: '' }, GasUsed: 0 }
    if (message.From !== Owner && message.Cron !== true) {
      throw trainMessageInvalid('only the owner has it train')
    }
    return train(message, gasLimit(environment))
  }

  return {
    handle: (messageJson, environmentJson) => {
      const message = JSON.parse(messageJson) as Message
      const environment = JSON.parse(environmentJson) as Environment
      try {
        return responseJson(evaluate(message, environment))
      } catch (error) {
        if (!isHeddleError(error)) throw error
        const text = `${error.code}: ${error.message}`
        return responseJson({ Error: text, Output: { data: text }, GasUsed: 0 })
      }
    },
    memory: () => memory,
    capture: () => captureMemory(memory),
    close: () => undefined,
  }
}

function trainedTags(
  step: number,
  loss: number,
  digest: string | undefined,
  isLast: boolean,
): Record<string, string> {
  return {
    Action: 'Trained',
    Step: String(step),
    Loss: loss.toFixed(4),
    ...(digest === undefined ? {} : { Checkpoint: digest }),
    ...(isLast ? { Finished: 'true' } : {}),
  }
}

function describeStep(
  step: number,
  digest: string | undefined,
  bytes: Uint8Array,
  record: string | undefined,
): TrainingOutput['training'] {
  return {
    step,
    ...(digest === undefined ? {} : { checkpoint: { digest, bytes: encodeBase64Url(bytes) } }),
    ...(record === undefined ? {} : { record }),
  }
}

function stepsOf(tags: readonly Tag[]): number {
  const text = tagValue(tags, 'Steps')
  if (text === undefined) return messageLimits.stepsDefault
  const steps = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (steps >= 1 && steps <= messageLimits.stepsMax) return steps
  throw trainMessageInvalid(`Steps must be a whole number from 1 to ${messageLimits.stepsMax}`)
}

/** Gas of a message: the process's `Compute-Limit`, else its module's. */
function gasLimit({ Process, Module }: Environment): number {
  const text = tagValue(Process.Tags, 'Compute-Limit') ?? tagValue(Module.Tags, 'Compute-Limit')
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : messageLimits.gasDefault
}
