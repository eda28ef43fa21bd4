import { encodeBase64Url, errorMessage, HeddleError, isHeddleError } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import type { Item } from '@heddle/protocol/item'
import { ownerAddress } from '@heddle/protocol/item'
import {
  type Assignment,
  checkChain,
  cronMessage,
  cronTickOf,
  evaluationMessage,
  type LogEntry,
  readAssignment,
  verifyAssignment,
} from '@heddle/protocol/message'
import { logInvalid, unknownItem } from '../errors.ts'
import type { ItemSource, ProcessLog } from '../ports.ts'
import type { WorkMessage } from '../worker/protocol.ts'
import type { ProcessFacts } from './facts.ts'

/** A slot whose log entry was checked, ready for a thread. */
export type PreparedSlot = {
  readonly assignment: Assignment
  readonly cron: string | undefined
  readonly bytes: number
  readonly work: WorkMessage
  /** Set where the message is not to be evaluated: its result is this `Error`. */
  readonly error: string | undefined
}

/** Slots in order from `fromSlot`, up to what stands in the way. */
export type PreparedBatch = {
  readonly fromSlot: number
  readonly slots: readonly PreparedSlot[]
  readonly problem: HeddleError | undefined
}

export type PrepareDependencies = {
  readonly log: ProcessLog
  readonly items: ItemSource
  readonly verify: (item: Item) => Promise<boolean>
  readonly engine: CryptoEngine
}

/**
 * Checks entries of a log, which must follow `previous`, before any of them is evaluated: the
 * chain,
 * the scheduler's signature, that each came with the message it names, the message's signature.
 */
export async function prepareSlots(
  dependencies: PrepareDependencies,
  facts: ProcessFacts,
  fromSlot: number,
  entries: readonly LogEntry[],
  previous: Assignment | undefined,
): Promise<PreparedBatch> {
  const readable = readAssignments(dependencies, facts.process.id, fromSlot, entries)
  const settled = await Promise.allSettled(
    readable.map(async (assignment, i) => {
      if (assignment instanceof HeddleError) throw assignment
      const before = i === 0 ? previous : readable[i - 1]
      return prepareSlot(dependencies, facts, { assignment, message: entries[i]?.message }, before)
    }),
  )
  const slots: PreparedSlot[] = []
  for (const [i, each] of settled.entries()) {
    if (each.status === 'fulfilled') slots.push(each.value)
    else {
      const problem = problemOf(each.reason, facts.process.id, fromSlot + i)
      return { fromSlot, slots, problem }
    }
  }
  return { fromSlot, slots, problem: undefined }
}

/** Assignments read again from their signed items: what is checked must be what is used. */
function readAssignments(
  { engine }: PrepareDependencies,
  processId: string,
  fromSlot: number,
  entries: readonly LogEntry[],
): (Assignment | HeddleError)[] {
  return entries.map((entry, i) => {
    try {
      const assignment = readAssignment(entry.assignment.item, engine)
      const { slot, processId: named } = assignment
      if (named === processId && slot === fromSlot + i) return assignment
      return logInvalid(processId, fromSlot + i, `the log has slot ${slot} of ${named} there`)
    } catch (error) {
      return problemOf(error, processId, fromSlot + i)
    }
  })
}

async function prepareSlot(
  dependencies: PrepareDependencies,
  facts: ProcessFacts,
  stated: LogEntry,
  previous: Assignment | HeddleError | undefined,
): Promise<PreparedSlot> {
  const { engine, log, verify } = dependencies
  const { assignment } = stated
  const { processId, slot } = assignment
  if (previous instanceof HeddleError) throw previous
  checkChain(previous, assignment, engine)
  const [item, first] = await Promise.all([
    loadMessage(dependencies, stated),
    log.slotOf(processId, assignment.messageId),
    verifyAssignment(stated, facts.schedulerAddress, engine, verify),
  ])
  const repeat = first !== undefined && first < slot
  const error = repeat ? `message ${item.id} was evaluated before, at slot ${first}` : undefined
  return presentSlot(facts, stated, item, engine, error)
}

/** The message of an entry, its signature checked; an assigned item is looked up. */
async function loadMessage(
  dependencies: PrepareDependencies,
  { assignment, message }: LogEntry,
): Promise<Item> {
  const { messageId, processId, slot } = assignment
  if (message === undefined) {
    const item = await dependencies.items.item(messageId)
    // A local copy that is damaged says nothing about the log.
    const intact = item?.id === messageId && (await dependencies.verify(item))
    if (!intact) throw unknownItem(messageId, processId, slot)
    return item
  }
  const { id, target } = message
  if (id !== messageId) {
    throw logInvalid(processId, slot, `message ${messageId} is named and ${id} was sent along`)
  }
  if (!(await dependencies.verify(message))) {
    throw logInvalid(processId, slot, `the signature of message ${id} is wrong`)
  }
  if (slot > 0 && encodeBase64Url(target) !== processId) {
    throw logInvalid(processId, slot, `message ${id} is for ${encodeBase64Url(target) || 'nobody'}`)
  }
  return message
}

/** What a thread gets for a slot that was checked. */
export function presentSlot(
  facts: ProcessFacts,
  entry: LogEntry,
  item: Item,
  engine: CryptoEngine,
  error?: string,
): PreparedSlot {
  const { assignment } = entry
  const slot = { assignment, item, assigned: entry.message === undefined }
  const cron = isTick(facts, item, engine) ? cronTickOf(item) : undefined
  const message =
    cron === undefined ? evaluationMessage(slot, engine) : cronMessage(slot, facts.process, engine)
  const work = {
    slot: assignment.slot,
    id: item.id,
    timestampMs: assignment.timestampMs,
    json: error === undefined ? JSON.stringify(message) : '',
  }
  return { assignment, cron, bytes: item.bytes.length, work, error }
}

/** A tick counts as one only from the process's own scheduler: anybody can write a tag. */
function isTick(facts: ProcessFacts, item: Item, engine: CryptoEngine): boolean {
  return cronTickOf(item) !== undefined && ownerAddress(item, engine) === facts.schedulerAddress
}

function problemOf(error: unknown, processId: string, slot: number): HeddleError {
  if (!isHeddleError(error)) {
    return new HeddleError('internal', 'internal', errorMessage(error), {}, { cause: error })
  }
  // Rules of the log are the protocol's; the code a reader sees is one.
  const ofLog = error.kind === 'invalid' || error.kind === 'denied'
  if (!ofLog || error.code === 'log-invalid') return error
  return logInvalid(processId, slot, error.message.replace(/\.$/, ''), error)
}
