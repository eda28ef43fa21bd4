import { errorMessage, HeddleError, isHeddleError } from '@heddle/protocol/base'
import type { Receipt } from './face.ts'

/** A process, message or page was asked for in a way that cannot be answered. */
export function requestInvalid(what: string): HeddleError {
  return new HeddleError('request-invalid', 'invalid', what)
}

/** An item that no scheduler may give a slot: wrong protocol, type, tags, target or size. */
export function itemRefused(itemId: string, what: string): HeddleError {
  return new HeddleError('item-refused', 'invalid', `item ${itemId}: ${what}`, { itemId })
}

/** The signature does not cover these bytes. */
export function signatureInvalid(itemId: string): HeddleError {
  const text = `item ${itemId}: the signature does not match. Sign it again, unchanged since.`
  return new HeddleError('signature-invalid', 'invalid', text, { itemId })
}

/** No process of this id is scheduled here. */
export function unknownProcess(processId: string, hosted?: number): HeddleError {
  const known = hosted === undefined ? '' : ` Known here: ${hosted} (heddle list processes).`
  return new HeddleError(
    'unknown-process',
    'missing',
    `unknown process ${processId}: this scheduler does not host it.${known}`,
    { processId },
  )
}

/** The log is being recovered; a slot given now could be one it has already. */
export function logRecovering(processId: string): HeddleError {
  const text =
    `process ${processId} is being recovered and takes no messages until its log is whole: ` +
    'try again later, or end it with heddle store recover.'
  return new HeddleError('log-recovering', 'unavailable', text, { processId })
}

/** Neither a message nor an assignment of this id has a slot (in that process). */
export function unknownMessage(id: string, processId: string | undefined): HeddleError {
  const where = processId === undefined ? 'any process' : `process ${processId}`
  const text = `unknown message ${id}: no slot of ${where} here holds it. Send it first.`
  return new HeddleError('unknown-message', 'missing', text, { id, processId })
}

/** A `latest` was asked for of a process that has none here. The opening words are upstream's. */
export function latestUnavailable(processId: string): HeddleError {
  const text = `Latest message not available: this scheduler does not host process ${processId}.`
  return new HeddleError('unknown-process', 'missing', text, { processId })
}

/** A spawn asks for certificates, and this node has no storers to give them. */
export function certificatesUnavailable(itemId: string): HeddleError {
  const text =
    `process ${itemId} asks for Availability: certified, and this node has no storers: start it with ` +
    '--storers 24 or --storer-set FILE, or spawn without the tag.'
  return new HeddleError('certificates-unavailable', 'unavailable', text, { itemId })
}

/** An item to be assigned is nowhere on this node. */
export function unknownItem(id: string): HeddleError {
  const text = `unknown item ${id}: this node cannot load it, so it cannot assign it. Upload it first.`
  return new HeddleError('unknown-item', 'missing', text, { id })
}

/** A base-layer assignment of something the base layer has not ordered. */
export function notSettled(id: string): HeddleError {
  return new HeddleError(
    'base-layer-unsettled',
    'missing',
    `the base layer has not settled ${id}: wait for its block, or assign it without base-layer.`,
    { id },
  )
}

/** A repeat of an item, or of a delivery, that already has its slot. The text is upstream's. */
export function messageExists(first: Receipt): HeddleError {
  return new HeddleError('message-exists', 'conflict', 'Message already exists', { ...first })
}

/** The log was begun with another key: within one epoch its assignments have one signer. */
export function otherKey(processId: string, address: string): HeddleError {
  const text =
    `process ${processId} is scheduled by ${address}, and this node now has another key: ` +
    'start it with the key that began the log.'
  return new HeddleError('other-scheduler-key', 'unavailable', text, { processId, address })
}

/** The slot could not be made durable; the item has none. The cause is the journal's error. */
export function notDurable(processId: string, cause: unknown): HeddleError {
  return new HeddleError(
    'not-durable',
    'unavailable',
    `process ${processId}: the log could not be written (${reasonOf(cause)}). ` +
      'The item has no slot; send it again.',
    { processId },
    { cause },
  )
}

/** More is in flight than the node may hold. */
export function schedulerBusy(pending: number): HeddleError {
  const text = `the scheduler has ${pending} items in flight, which is its limit: send it again later.`
  return new HeddleError('scheduler-busy', 'unavailable', text, { pending })
}

/** The id index cannot be written, so repeats could no longer be told apart. */
export function indexBehind(cause: unknown): HeddleError {
  const text = `the id index cannot be written (${reasonOf(cause)}): free its disk, then retry.`
  return new HeddleError('index-behind', 'unavailable', text, {}, { cause })
}

/** The id index is damaged. What it holds can be read again from the journal. */
export function indexFailed(cause: unknown): HeddleError {
  const text =
    `the id index cannot be read (${reasonOf(cause)}): stop the node, delete the index file, ` +
    'start again. Nothing is lost; it is built anew.'
  return new HeddleError('index-failed', 'internal', text, {}, { cause })
}

/** The room is closing or closed. */
export function schedulerClosed(): HeddleError {
  const text = 'the scheduler is shutting down: send it again to a running node.'
  return new HeddleError('scheduler-closed', 'unavailable', text)
}

/** A record of the journal is not what this room writes. */
export function recordCorrupt(processId: string, slot: number, cause: unknown): HeddleError {
  return new HeddleError(
    'record-corrupt',
    'internal',
    `slot ${slot} of process ${processId} cannot be read (${reasonOf(cause)}): ` +
      'check the disk and restore the journal from a copy.',
    { processId, slot },
    { cause },
  )
}

/** Callers get the code of a journal's error, not its text, which names files of this machine. */
function reasonOf(cause: unknown): string {
  return isHeddleError(cause) ? cause.code : errorMessage(cause)
}
