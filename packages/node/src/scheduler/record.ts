import { concatBytes } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import { type Item, parseItem } from '@heddle/protocol/item'
import { type Assignment, type LogEntry, readAssignment } from '@heddle/protocol/message'
import type { LogRecord } from '../journal/index.ts'
import { recordCorrupt } from './errors.ts'

const headBytes = 4

/** A slot as the journal keeps it: [u32le assignment bytes][assignment item][message item or nothing]. */
export function encodeRecord(assignment: Item, message: Item | undefined): Uint8Array {
  const head = new Uint8Array(headBytes)
  new DataView(head.buffer).setUint32(0, assignment.bytes.length, true)
  const parts = [head, assignment.bytes]
  if (message !== undefined) parts.push(message.bytes)
  return concatBytes(parts)
}

/** The entry of a durable record. Items are views into it. Throws `record-corrupt`. */
export function decodeRecord(processId: string, record: LogRecord, engine: CryptoEngine): LogEntry {
  try {
    const { assignment, rest } = splitRecord(processId, record, engine)
    const message = rest.length === 0 ? undefined : parseItem(rest, engine)
    if (message !== undefined && message.id !== assignment.messageId) {
      throw new Error(`the message is ${message.id}, the assignment names ${assignment.messageId}`)
    }
    return { assignment, message }
  } catch (cause) {
    throw recordCorrupt(processId, record.slot, cause)
  }
}

/** Only the assignment of a durable record, sparing the parse of the message. Throws `record-corrupt`. */
export function decodeAssignment(
  processId: string,
  record: LogRecord,
  engine: CryptoEngine,
): Assignment {
  try {
    return splitRecord(processId, record, engine).assignment
  } catch (cause) {
    throw recordCorrupt(processId, record.slot, cause)
  }
}

function splitRecord(
  processId: string,
  { slot, bytes }: LogRecord,
  engine: CryptoEngine,
): { assignment: Assignment; rest: Uint8Array } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = headBytes + view.getUint32(0, true)
  if (end > bytes.length) throw new Error('the assignment is cut off')
  const assignment = readAssignment(parseItem(bytes.subarray(headBytes, end), engine), engine)
  if (assignment.processId !== processId || assignment.slot !== slot) {
    throw new Error(`it states slot ${assignment.slot} of ${assignment.processId}`)
  }
  return { assignment, rest: bytes.subarray(end) }
}
