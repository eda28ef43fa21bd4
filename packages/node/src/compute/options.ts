import { availableParallelism } from 'node:os'
import { machineMemoryBytes } from '../runtime/index.ts'
import { computeOptionInvalid } from './errors.ts'

/**
 * No option changes a result, but for `evaluationTimeoutMs`, which says so in the result's `Error`.
 */
export type ComputeOptions = {
  /** Threads that hold live processes. */
  readonly workers: number
  /** Live processes per thread: each reserves gigabytes of addresses, of which there is an end. */
  readonly hotProcessesMax: number
  /**
   * What live processes may take in all, bytes: pages in use, what is kept to come back to, the instances
   * themselves. Beyond it the least recently used idle ones are put to sleep.
   */
  readonly hotBytesMax: number
  /** Messages of one process in one batch, and thereby in one turn of a thread. */
  readonly batchMessages: number
  /** A batch takes no further message beyond this many bytes of items. */
  readonly batchBytes: number
  /** A thread turns to its next process after this long, at the end of a message. */
  readonly turnMs: number
  /** An evaluation that takes longer ends with an `Error`. */
  readonly evaluationTimeoutMs: number
  /** A read waits this long for a slot's evaluation before it is answered 503. */
  readonly resultPatienceMs: number
  /** Evaluation time of a process after which its checkpoint is written anew. */
  readonly checkpointAfterMs: number
  /** A process's newest checkpoint is published each time so many slots more are durable. */
  readonly publishEverySlots: number | undefined
  /** Processes restored from their checkpoints at once. */
  readonly restoresMax: number
  /** Results of one process waiting for the disk; beyond it the process pauses. */
  readonly undurableResults: number
  /** Dry-runs under way and waiting, in all and for one caller. Beyond: 429. */
  readonly dryRunsMax: number
  readonly dryRunsPerPeer: number
  /** States kept for dry-runs, bytes. */
  readonly dryRunStateBytes: number
  /** Newest results kept in memory, bytes. */
  readonly recentResultBytes: number
  /** Time after which a process that waits for its module or for a full disk is tried again. */
  readonly retryMs: number
  /**
   * Further module formats: URL of a program that exports `compileModule` as `CompileModule` is. A thread
   * imports it with the first module of the format.
   */
  readonly moreFormats: Readonly<Record<string, string>>
  /** Folder that keeps prepared modules; undefined: each thread prepares anew. */
  readonly preparedFolder: string | undefined
  /** Program of a thread. */
  readonly workerUrl: URL
}

/** A quarter of the machine: models, caches and everybody else have the rest. */
const hotBytesLeast = 128 * 1024 * 1024
const hotBytesMost = 8 * 1024 * 1024 * 1024

function hotBytesDefault(machineBytes: number): number {
  return Math.max(hotBytesLeast, Math.min(hotBytesMost, Math.floor(machineBytes / 4)))
}

/** One core is the node's own: beside it, threads on every core would only take turns. */
const ownCores = 1
const workersMax = 4

export function computeDefaults(): ComputeOptions {
  return {
    workers: Math.max(1, Math.min(workersMax, availableParallelism() - ownCores)),
    hotProcessesMax: 1024,
    hotBytesMax: hotBytesDefault(machineMemoryBytes()),
    batchMessages: 64,
    batchBytes: 1024 * 1024,
    turnMs: 20,
    evaluationTimeoutMs: 60_000,
    resultPatienceMs: 60_000,
    checkpointAfterMs: 2_000,
    publishEverySlots: undefined,
    restoresMax: 2,
    undurableResults: 512,
    dryRunsMax: 128,
    dryRunsPerPeer: 8,
    dryRunStateBytes: 64 * 1024 * 1024,
    recentResultBytes: 16 * 1024 * 1024,
    retryMs: 2_000,
    moreFormats: {},
    preparedFolder: undefined,
    workerUrl: new URL(`./worker/entry${ownExtension()}`, import.meta.url),
  }
}

/** Joins given options with the defaults and checks their bounds. */
export function computeOptions(given: Partial<ComputeOptions>): ComputeOptions {
  const options = { ...computeDefaults(), ...given }
  for (const [name, value] of Object.entries(options)) {
    if (typeof value === 'number' && !(Number.isInteger(value) && value > 0)) {
      throw computeOptionInvalid(`${name} must be a whole number above 0, not ${value}`)
    }
  }
  return options
}

/** `.ts` in the source tree, `.js` in the published package. */
function ownExtension(): string {
  return import.meta.url.endsWith('.ts') ? '.ts' : '.js'
}
