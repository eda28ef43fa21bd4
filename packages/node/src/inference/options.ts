import { inferenceOptionInvalid } from './errors.ts'

/** How weights are kept. The answers of the two differ; each is the same everywhere. */
export type Precision = 'f32' | 'int8'

/** Of these, only `precision` and `group` change an answer: they belong to the model's identity. */
export type InferenceOptions = {
  readonly precision: Precision
  /** Columns that share a scale in int8; a multiple of 32, at most 1024. */
  readonly group: number
  /** Positions of a session, at most what the model was made for; 0: all of those. */
  readonly contextTokens: number
  /** Sessions at once; each has a cache of its own. */
  readonly sessionsMax: number
  /** Weights, scratch and caches together, bytes. WebAssembly ends at 4 GiB. */
  readonly memoryBytesMax: number
  /** Tokens of a prompt that pass through the layers together. */
  readonly batchTokens: number
}

export const inferenceDefaults: InferenceOptions = {
  precision: 'int8',
  group: 32,
  contextTokens: 0,
  sessionsMax: 1,
  memoryBytesMax: 2 * 2 ** 30,
  batchTokens: 32,
}

/** Kept below 4 GiB by a page, so that an address after the end is still one. */
export const memoryBytesLimit = 65_535 * 65_536

function checkWhole(name: string, value: number, least: number, most: number, step = 1): void {
  if (Number.isInteger(value) && value >= least && value <= most && value % step === 0) return
  const steps = step === 1 ? '' : ` in steps of ${step}`
  throw inferenceOptionInvalid(`${name} is ${value}, must be from ${least} to ${most}${steps}`)
}

/** Joins given options with the defaults and checks their bounds. */
export function inferenceOptions(given: Partial<InferenceOptions>): InferenceOptions {
  const options = { ...inferenceDefaults, ...given }
  if (options.precision !== 'f32' && options.precision !== 'int8') {
    throw inferenceOptionInvalid(`precision is ${options.precision}, must be f32 or int8`)
  }
  checkWhole('group', options.group, 32, 1024, 32)
  checkWhole('contextTokens', options.contextTokens, 0, 1_048_575)
  checkWhole('sessionsMax', options.sessionsMax, 1, 1024)
  checkWhole('memoryBytesMax', options.memoryBytesMax, 65_536, memoryBytesLimit)
  checkWhole('batchTokens', options.batchTokens, 1, 256)
  return options
}
