import { isId } from '@heddle/protocol/base'
import type { Courier } from './courier.ts'
import { queryInvalid } from './errors.ts'
import type { StoredLetter } from './letter-table.ts'
import { deliveryId, type Letter, lettersOf } from './letters.ts'
import type { ComputePort } from './ports.ts'

/** One letter as the outbox shows it. Times in milliseconds since 1970. */
type OutboxEntry = {
  readonly deliveryId: string
  readonly processId: string
  readonly slot: number
  readonly index: number
  readonly kind: string
  readonly target: string
  readonly state: string
  readonly attempts?: number
  readonly firstAttempt?: number
  readonly nextRetry?: number
  readonly lastError?: string
}

const states = new Set(['pending', 'delivered', 'kept', 'dead'])
const limitDefault = 100
const limitMax = 1000
/** Slots looked through for delivered letters in one request. */
const scanSlotsMax = 2000
const scanPage = 200
const scanReadsMax = 24
const scanBytes = 16 * 1024 * 1024

type OutboxQuery = {
  readonly processId: string | undefined
  readonly state: string | undefined
  readonly limit: number
}

/** Reads `process-id`, `state` and `limit`. Throws `query-invalid`. */
export function outboxQuery(query: URLSearchParams): OutboxQuery {
  const processId = query.get('process-id') ?? undefined
  const state = query.get('state') ?? undefined
  const limit = Number(query.get('limit') ?? limitDefault)
  if (processId !== undefined && !isId(processId)) {
    throw queryInvalid('process-id must be an id of 43 characters')
  }
  if (state !== undefined && !states.has(state)) {
    throw queryInvalid(`state must be one of ${[...states].join(', ')}`)
  }
  if (state === 'delivered' && processId === undefined) {
    throw queryInvalid('state=delivered needs a process-id')
  }
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > limitMax) {
    throw queryInvalid(`limit must be a whole number from 1 to ${limitMax}`)
  }
  return { processId, state, limit }
}

/**
 * What is in an outbox: without a `state` all that is not delivered. Delivered letters are read off the
 * results, newest first, since they leave no trace of their own.
 */
export async function readOutbox(
  query: OutboxQuery,
  courier: Courier,
  compute: ComputePort,
  epochOf: (processId: string, slot: number) => Promise<number>,
) {
  const { processId, state, limit } = query
  const entries: OutboxEntry[] = []
  for (const wanted of ['pending', 'dead', 'kept'] as const) {
    if (state === undefined ? wanted === 'kept' : state !== wanted) continue
    const of = processId === undefined ? {} : { processId }
    entries.push(...courier.letters.list({ ...of, state: wanted, limit }).map(storedEntry))
  }
  if (processId === undefined) return { entries: entries.slice(0, limit) }
  if (state === undefined || state === 'pending') {
    entries.push(...courier.lanes.freshOf(processId).map(freshEntry))
  }
  if (state === 'delivered') {
    entries.push(...(await deliveredEntries(processId, limit, courier, compute, epochOf)))
  }
  const cursor = courier.pump.cursor(processId)
  return {
    processId,
    // Results before this slot are through; those from it on are read next.
    throughSlot: cursor,
    evaluatedSlots: compute.evaluatedHead(processId),
    pending: courier.letters.count(processId, 'pending') + courier.lanes.freshOf(processId).length,
    dead: courier.letters.count(processId, 'dead'),
    entries: entries.slice(0, limit),
  }
}

async function deliveredEntries(
  processId: string,
  limit: number,
  courier: Courier,
  compute: ComputePort,
  epochOf: (processId: string, slot: number) => Promise<number>,
): Promise<OutboxEntry[]> {
  const entries: OutboxEntry[] = []
  let end = courier.pump.cursor(processId)
  const least = Math.max(0, end - scanSlotsMax)
  let most = scanPage
  for (let reads = 0; reads < scanReadsMax && end > least && entries.length < limit; reads++) {
    const count = Math.min(most, end - least)
    const page = await compute.evaluations(processId, end - count, count, scanBytes)
    // Large results: the newest of them were cut off, and come first here.
    most = Math.ceil(count / 8)
    if (page.length < count && count > 1) continue
    most = scanPage
    end -= count
    for (const { slot, result } of page.toReversed()) {
      const found = lettersOf(processId, 0, slot, result)
      if (found.length === 0) continue
      const epoch = await epochOf(processId, slot)
      for (const letter of found) {
        if (entries.length >= limit) return entries
        if (courier.letters.find(letter) === undefined) {
          entries.push({ ...shown({ ...letter, epoch }), state: 'delivered' })
        }
      }
    }
  }
  return entries
}

function shown(letter: Letter): Omit<OutboxEntry, 'state'> {
  const { processId, slot, index, kind, target } = letter
  return { deliveryId: deliveryId(letter), processId, slot, index, kind, target }
}

function storedEntry(letter: StoredLetter): OutboxEntry {
  return {
    ...shown(letter),
    state: letter.state,
    attempts: letter.attempts,
    firstAttempt: letter.firstMs,
    ...(letter.state === 'pending' ? { nextRetry: letter.nextMs } : {}),
    ...(letter.error === undefined ? {} : { lastError: letter.error }),
  }
}

function freshEntry(letter: Letter): OutboxEntry {
  return { ...shown(letter), state: 'pending', attempts: 0 }
}
