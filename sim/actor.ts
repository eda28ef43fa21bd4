import { encodeBase64Url, encodeText } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import { type Item, type Tag, tagValue } from '@heddle/protocol/item'
import type { LogEntry, OutgoingMessage, Result } from '@heddle/protocol/message'

/** State of a simulated process: a count of what it took in, and a digest over all of it. */
export type ActorState = { readonly count: number; readonly digest: string }

export const newActor: ActorState = { count: 0, digest: '' }

/** What a message asks for; processes ping-pong, count, spawn and fan out. */
export type Order = 'count' | 'pong' | 'fan' | 'burst' | 'spawn' | 'assign' | 'fail'

const nothing: Result = { Messages: [], Spawns: [], Assignments: [], Output: '', GasUsed: 0 }
const burstLetters = 5

/**
 * Evaluates one slot: a pure function of the state and the entry, as a module is. What it emits carries
 * the digest, so that state which went astray shows in every log it writes to. Ends by itself: `Hops`
 * counts down.
 */
export function evaluate(
  state: ActorState,
  { assignment, message }: LogEntry,
  engine: CryptoEngine,
): { readonly state: ActorState; readonly result: Result } {
  const tags = message?.tags ?? []
  if (tagValue(tags, 'Order') === 'fail') {
    return { state, result: { ...nothing, Error: `failed as ordered at ${assignment.slot}` } }
  }
  const text = `${state.digest} ${assignment.messageId} ${assignment.timestampMs}`
  const digest = encodeBase64Url(engine.sha256(encodeText(text)))
  const next = { count: state.count + 1, digest }
  const result = { ...nothing, Output: next, ...emitted(next, assignment.messageId, message) }
  return { state: next, result }
}

function emitted(state: ActorState, messageId: string, message: Item | undefined): Partial<Result> {
  const tags = message?.tags ?? []
  if (tagValue(tags, 'Type') !== 'Message') return {}
  const to = (tagValue(tags, 'To') ?? '').split(',').filter((id) => id !== '')
  const hops = Number(tagValue(tags, 'Hops') ?? 0)
  const letter = (target: string, order: Order, more: Record<string, string> = {}) =>
    letterOf(state, target, { Order: order, ...more })
  if (tagValue(tags, 'Action') === 'Spawned') {
    return { Messages: [letter(tagValue(tags, 'Process') ?? '', 'pong', { Hops: '2' })] }
  }
  const [first = ''] = to
  switch (tagValue(tags, 'Order')) {
    case 'pong': {
      const back = tagValue(tags, 'From-Process') ?? first
      const more = { Hops: String(hops - 1) }
      return hops > 0 && back !== '' ? { Messages: [letter(back, 'pong', more)] } : {}
    }
    case 'fan': {
      const more = { Hops: String(hops - 1), To: to.join(',') }
      return { Messages: to.map((id) => letter(id, hops > 0 ? 'fan' : 'count', more)) }
    }
    case 'burst':
      return { Messages: Array.from({ length: burstLetters }, () => letter(first, 'count')) }
    case 'spawn':
      return { Spawns: [spawnOf(state, tagValue(tags, 'At'))] }
    case 'assign':
      return { Assignments: [{ Processes: to, Message: messageId }] }
    default:
      return {}
  }
}

function letterOf(
  state: ActorState,
  target: string,
  tags: Readonly<Record<string, string>>,
): OutgoingMessage {
  return { Target: target, Anchor: '', Tags: tagsOf(tags), Data: state.digest }
}

function spawnOf(state: ActorState, schedulerAddress: string | undefined) {
  const at = schedulerAddress === undefined ? {} : { Scheduler: schedulerAddress }
  return { Anchor: '', Tags: tagsOf({ Module: moduleId, ...at }), Data: state.digest }
}

export function tagsOf(tags: Readonly<Record<string, string>>): Tag[] {
  return Object.entries(tags).map(([name, value]) => ({ name, value }))
}

/** Names the evaluator above where a module id is wanted. */
export const moduleId = encodeBase64Url(new Uint8Array(32).fill(7))
