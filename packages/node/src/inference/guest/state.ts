import { decodeText, encodeText } from '@heddle/protocol/base'
import type { AnswerRequest } from '../answer/answer.ts'
import { packedModelInvalid } from '../errors.ts'

/** An answer that goes on when its asker says so. */
export type Paused = {
  /** Id of the message that began it. */
  readonly session: string
  readonly from: string
  readonly request: AnswerRequest
  readonly tokensPerMessage: number
  /** Tokens made so far. All else follows from the request. */
  readonly tokens: number
  /** Bytes of a letter that is not whole yet. */
  readonly held: readonly number[]
}

/** All that a model's process remembers. Weights and caches follow from the log and are no state. */
export type ModelState = {
  /** Messages sent so far. */
  readonly sent: number
  /** Oldest first. */
  readonly paused: readonly Paused[]
}

const emptyState: ModelState = { sent: 0, paused: [] }

/** The linear memory of a model's process: u32 length, then its state as JSON. Always this long. */
export const stateBytes = 1_048_576
const pausedMax = 16

/** The state with one more paused answer; beyond the limits the oldest are forgotten. */
export function withPaused(state: ModelState, paused: Paused): ModelState {
  const others = state.paused.filter(({ session }) => session !== paused.session)
  let kept = [...others, paused].slice(-pausedMax)
  while (kept.length > 1 && encodeState({ ...state, paused: kept }).length > stateBytes - 4) {
    kept = kept.slice(1)
  }
  return { ...state, paused: kept }
}

export function withoutPaused(state: ModelState, session: string): ModelState {
  return { ...state, paused: state.paused.filter((each) => each.session !== session) }
}

function encodeState(state: ModelState): Uint8Array {
  return encodeText(JSON.stringify(state))
}

/** Writes the state over the whole memory. */
export function writeState(memory: Uint8Array, state: ModelState): void {
  const bytes = encodeState(state)
  memory.fill(0)
  new DataView(memory.buffer, memory.byteOffset).setUint32(0, bytes.length, true)
  memory.set(bytes, 4)
}

/** Throws `module-invalid` for memory that none of our own wrote. */
export function readState(memory: Uint8Array): ModelState {
  const length = new DataView(memory.buffer, memory.byteOffset).getUint32(0, true)
  if (length === 0) return emptyState
  if (length > memory.length - 4) throw packedModelInvalid('its state is longer than its memory')
  try {
    return JSON.parse(decodeText(memory.subarray(4, 4 + length))) as ModelState
  } catch {
    throw packedModelInvalid('its state is malformed')
  }
}
