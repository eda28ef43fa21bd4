import { decodeBase64Url, encodeBase64Url } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import { parseItem } from '@heddle/protocol/item'
import { type LogEntry, readAssignment } from '@heddle/protocol/message'
import { logPartInvalid } from './errors.ts'
import { type CertifiedRange, decodeRange, rangeBytesMax } from './range.ts'

/** 'HLP1' */
const magic = Buffer.from('HLP1', 'latin1')
const idBytes = 32
const headBytes = magic.length + idBytes + 6 + 4 + 2
/** Bytes that hold the head of a part and the range before it. */
export const partHeadBytes = headBytes + rangeBytesMax
/** A part holds one entry more than its bytes, at most: an item has 10 MiB, the scheduler's largest. */
export const partBytesMax = 64 * 2 ** 20

/** Entries of one process that follow each other, and the record of the range before them. */
export type LogPart = {
  readonly processId: string
  readonly fromSlot: number
  readonly count: number
  readonly previous: CertifiedRange | undefined
}

/** The bytes of a part, in pieces that are not copied. `previous` is a range's record, or empty. */
export function encodePart(
  processId: string,
  entries: readonly LogEntry[],
  previous: Uint8Array,
): Uint8Array[] {
  const head = Buffer.alloc(headBytes)
  head.set(magic, 0)
  head.set(decodeBase64Url(processId) ?? new Uint8Array(idBytes), magic.length)
  head.writeUIntLE(entries[0]?.assignment.slot ?? 0, 36, 6)
  head.writeUInt32LE(entries.length, 42)
  head.writeUInt16LE(previous.length, 46)
  const parts: Uint8Array[] = [head, previous]
  for (const { assignment, message } of entries) {
    const lengths = Buffer.alloc(8)
    lengths.writeUInt32LE(assignment.item.bytes.length, 0)
    lengths.writeUInt32LE(message?.bytes.length ?? 0, 4)
    parts.push(lengths, assignment.item.bytes)
    if (message !== undefined) parts.push(message.bytes)
  }
  return parts
}

/** Bytes an entry has in a part. */
export function entryBytes({ assignment, message }: LogEntry): number {
  return 8 + assignment.item.bytes.length + (message?.bytes.length ?? 0)
}

/** Reads what stands before the entries, from at least `partHeadBytes` or all of a part's bytes. */
export function decodePartHead(processId: string, given: Uint8Array): LogPart {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.length)
  if (bytes.length < headBytes || !bytes.subarray(0, magic.length).equals(magic)) {
    throw logPartInvalid(processId, 'what a certificate names is no part of a log')
  }
  const named = encodeBase64Url(bytes.subarray(magic.length, magic.length + idBytes))
  if (named !== processId) throw logPartInvalid(processId, `a certificate is of process ${named}`)
  const previousBytes = bytes.readUInt16LE(46)
  if (previousBytes > bytes.length - headBytes) {
    throw logPartInvalid(processId, 'a part is cut off')
  }
  return {
    processId,
    fromSlot: bytes.readUIntLE(36, 6),
    count: bytes.readUInt32LE(42),
    previous:
      previousBytes === 0
        ? undefined
        : decodeRange(given.subarray(headBytes, headBytes + previousBytes)),
  }
}

/** All entries of a part; their form is checked, their signatures and chain are not. */
export function decodePart(
  processId: string,
  given: Uint8Array,
  engine: CryptoEngine,
): LogPart & { readonly entries: readonly LogEntry[] } {
  const head = decodePartHead(processId, given)
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.length)
  const entries: LogEntry[] = []
  let at = headBytes + bytes.readUInt16LE(46)
  try {
    while (entries.length < head.count) {
      const from = at + 8
      const middle = from + bytes.readUInt32LE(at)
      const to = middle + bytes.readUInt32LE(at + 4)
      if (to > bytes.length) throw new Error('it is cut off')
      const assignment = readAssignment(parseItem(given.subarray(from, middle), engine), engine)
      const message = to === middle ? undefined : parseItem(given.subarray(middle, to), engine)
      entries.push({ assignment, message })
      at = to
    }
    if (at !== bytes.length) throw new Error('something follows its last entry')
  } catch (cause) {
    const slot = head.fromSlot + entries.length
    throw logPartInvalid(processId, `the entry of slot ${slot} has a wrong form`, cause)
  }
  return { ...head, entries }
}
