import type { SlotMoments } from '@heddle/protocol/api'
import { type Found, findItems } from './graphql.ts'
import { type Lasting, readLasting } from './lasting.ts'
import { fetchMoments } from './node.ts'
import {
  type Assigned,
  fetchAssigned,
  fetchOutbox,
  fetchResult,
  type Letter,
  type Outgoing,
  type Place,
  placeOf,
  type Result,
  tagValue,
} from './units.ts'

/** One thing a slot sent on, and where it arrived. */
export type Sent = {
  readonly deliveryId: string
  readonly kind: 'message' | 'spawn' | 'assign'
  readonly target: string
  readonly action: string
  /** The item it became. */
  readonly item?: Found
  /** What the messenger says while it has not arrived. */
  readonly letter?: Letter
}

/** All that is known of a message's life. */
export type Journey = {
  readonly assigned: Assigned
  readonly place: Place
  readonly moments: SlotMoments
  readonly result?: Result
  readonly sent: readonly Sent[]
  readonly lasting: Lasting
  /** Whether nothing more is to come. */
  readonly isSettled: boolean
}

/** Things sent whose arrival is looked up. */
const sentMax = 50

/** Follows a message from its slot to what it set off. Rejects where no log here has it. */
export async function readJourney(id: string, signal: AbortSignal): Promise<Journey> {
  const assigned = await fetchAssigned(id, signal)
  const place = placeOf(assigned)
  const moments = await fetchMoments(place.processId, place.slot, signal)
  const lasting = await readLasting(place, signal)
  const base = { assigned, place, moments, lasting }
  if (!moments.evaluated) return { ...base, sent: [], isSettled: false }
  const result = await fetchResult(id, place.processId, signal)
  const sent = await followSent(assigned, place, result, signal)
  const isPushed = sent.every(
    ({ item, letter, kind }) => item !== undefined || letter?.state === 'dead' || kind === 'assign',
  )
  const { certified, kept } = lasting
  const isSettled = isPushed && certified?.isDone !== false && kept?.isDone !== false
  return { ...base, result, sent, isSettled }
}

async function followSent(
  { message }: Assigned,
  place: Place,
  result: Result,
  signal: AbortSignal,
): Promise<Sent[]> {
  const sent = sentOf(place, result).slice(0, sentMax)
  if (sent.length === 0) return sent
  const root = tagValue(message?.tags, 'Pushed-For') ?? message?.id ?? ''
  const deliveryIds = sent.map(({ deliveryId }) => deliveryId)
  const tags = [
    { name: 'From-Process', values: [place.processId] },
    { name: 'Pushed-For', values: [root] },
    { name: 'Delivery-Id', values: deliveryIds },
  ]
  const [found, outbox] = await Promise.all([
    findItems({ tags }, { first: sentMax }, signal),
    fetchOutbox({ processId: place.processId }, signal),
  ])
  const items = new Map(found.items.map((item) => [tagValue(item.tags, 'Delivery-Id'), item]))
  const letters = new Map(outbox.entries.map((letter) => [letter.deliveryId, letter]))
  return sent.map((one) => {
    const item = items.get(one.deliveryId)
    const letter = letters.get(one.deliveryId)
    return {
      ...one,
      ...(item === undefined ? {} : { item }),
      ...(letter === undefined ? {} : { letter }),
    }
  })
}

/** Messages, then spawns, then assignments: the order that numbers deliveries. */
function sentOf({ processId, epoch, slot }: Place, result: Result): Sent[] {
  const { Messages = [], Spawns = [], Assignments = [] } = result
  const outgoing: Omit<Sent, 'deliveryId'>[] = [
    ...Messages.map((message) => sentItem('message', message)),
    ...Spawns.map((spawn) => sentItem('spawn', spawn)),
    ...Assignments.map(({ Processes, Message }) => ({
      kind: 'assign' as const,
      target: Processes[0] ?? '',
      action: Message,
    })),
  ]
  return outgoing.map((one, at) => {
    const deliveryId = `${processId}/${epoch}/${slot}/${at}`
    return { ...one, deliveryId: one.kind === 'assign' ? `${deliveryId}/0` : deliveryId }
  })
}

function sentItem(kind: 'message' | 'spawn', { Target = '', Tags }: Outgoing) {
  const name = kind === 'spawn' ? 'Name' : 'Action'
  return { kind, target: Target, action: tagValue(Tags, name) ?? '' }
}
