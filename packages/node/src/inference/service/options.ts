import { inferenceOptionInvalid } from '../errors.ts'
import { memoryBytesLimit } from '../options.ts'

/** None of these changes a token of an answer, only whether, when and how long it is given. */
export type ServiceOptions = {
  /** What all loaded models may hold together, bytes. */
  readonly memoryBytesMax: number
  /** Positions of a session at most, whatever the model was made for: each session's cache grows with it. */
  readonly contextTokensMax: number
  /** Answers under way at once. */
  readonly answersMax: number
  /** Answers that wait, in all and of one caller. Beyond: 429. */
  readonly waitingMax: number
  readonly waitingPerCaller: number
  /** Tokens of one answer: at most, and where a caller does not say. */
  readonly tokensMax: number
  readonly tokensDefault: number
  /** Program of the thread. */
  readonly workerUrl: URL
}

export const serviceDefaults: ServiceOptions = {
  memoryBytesMax: 2 * 2 ** 30,
  contextTokensMax: 2048,
  answersMax: 2,
  waitingMax: 64,
  waitingPerCaller: 8,
  tokensMax: 2048,
  tokensDefault: 256,
  workerUrl: new URL(`../worker/entry${ownExtension()}`, import.meta.url),
}

/** Joins given options with the defaults and checks their bounds. */
export function serviceOptions(given: Partial<ServiceOptions>): ServiceOptions {
  const options = { ...serviceDefaults, ...given }
  for (const [name, value] of Object.entries(options)) {
    if (typeof value === 'number' && !(Number.isInteger(value) && value > 0)) {
      throw inferenceOptionInvalid(`${name} must be a whole number above 0, not ${value}`)
    }
  }
  if (options.memoryBytesMax < 2 ** 20 || options.memoryBytesMax > 64 * memoryBytesLimit) {
    throw inferenceOptionInvalid(`memoryBytesMax is ${options.memoryBytesMax}`)
  }
  return options
}

/** `.ts` in the source tree, `.js` in the published package. */
function ownExtension(): string {
  return import.meta.url.endsWith('.ts') ? '.ts' : '.js'
}
