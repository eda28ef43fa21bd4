import {
  concatBytes,
  decodeBase64Url,
  decodeText,
  encodeBase64Url,
  encodeText,
  equalBytes,
  isId,
} from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import { type PackedState, recordsMax } from './packed-state.ts'

/** What a checkpoint says it is. */
export type CheckpointClaim = {
  readonly processId: string
  readonly moduleId: string
  /** Slots below it are in the state. */
  readonly nextSlot: number
  readonly resultChain: Uint8Array
  readonly stateRoot: Uint8Array
}

/** One record of a checkpoint file. */
export type CheckpointRecord = {
  readonly claim: CheckpointClaim
  readonly part: PackedState
  /** Digest of the record before it, which it builds on; empty where it is whole. */
  readonly previous: string
  readonly digest: string
  /** Where the record ends in its file. */
  readonly endAt: number
}

/**
 * Record: magic "HDLCHK02" · 32 bytes sha256 of all that follows · u32le length of the head ·
 * u32le length of the content · head, JSON · content. A file is records one after another, the
 * first whole; what is torn or changed ends it.
 */
const magic = encodeText('HDLCHK02')
const digestAt = magic.length
const lengthsAt = digestAt + 32
const headAt = lengthsAt + 8
const headBytesMax = 4096

export function encodeCheckpointRecord(
  claim: CheckpointClaim,
  { content, ...shape }: PackedState,
  previous: string,
  engine: CryptoEngine,
): { readonly bytes: Uint8Array; readonly digest: string } {
  const resultChain = encodeBase64Url(claim.resultChain)
  const stateRoot = encodeBase64Url(claim.stateRoot)
  const { processId, moduleId, nextSlot } = claim
  const { memoryBytes, pages, storedPages, newPages, hostStateBytes, hasBases } = shape
  const sizes = { memoryBytes, pages, storedPages, newPages, hostStateBytes }
  const bases = hasBases ? { hasBases } : {}
  const head = encodeText(
    JSON.stringify({
      ...{ processId, moduleId, nextSlot, resultChain, stateRoot, previous },
      ...sizes,
      ...bases,
    }),
  )
  const lengths = new Uint8Array(8)
  new DataView(lengths.buffer).setUint32(0, head.length, true)
  new DataView(lengths.buffer).setUint32(4, content.length, true)
  const body = concatBytes([lengths, head, content])
  const digest = engine.sha256(body)
  return { bytes: concatBytes([magic, digest, body]), digest: encodeBase64Url(digest) }
}

/** The intact records of a file, each built on the one before. Total: anything may be in there. */
export function decodeCheckpointRecords(
  bytes: Uint8Array,
  engine: CryptoEngine,
): CheckpointRecord[] {
  const records: CheckpointRecord[] = []
  let at = 0
  while (records.length < recordsMax) {
    const record = decodeRecord(bytes, at, engine)
    if (record === undefined || record.previous !== (records.at(-1)?.digest ?? '')) break
    records.push(record)
    at = record.endAt
  }
  return records
}

function decodeRecord(
  file: Uint8Array,
  at: number,
  engine: CryptoEngine,
): CheckpointRecord | undefined {
  const bytes = file.subarray(at)
  if (bytes.length < headAt || !equalBytes(bytes.subarray(0, digestAt), magic)) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const headBytes = view.getUint32(lengthsAt, true)
  const contentAt = headAt + headBytes
  const end = contentAt + view.getUint32(lengthsAt + 4, true)
  if (headBytes > headBytesMax || end > bytes.length) return undefined
  const digest = bytes.subarray(digestAt, lengthsAt)
  if (!equalBytes(engine.sha256(bytes.subarray(lengthsAt, end)), digest)) return undefined
  const head = readHead(bytes.subarray(headAt, contentAt))
  if (head === undefined) return undefined
  const { claim, shape, previous } = head
  const part = { ...shape, content: bytes.subarray(contentAt, end) }
  return { claim, part, previous, digest: encodeBase64Url(digest), endAt: at + end }
}

function readHead(bytes: Uint8Array) {
  let head: Readonly<Record<string, unknown>>
  try {
    head = JSON.parse(decodeText(bytes)) as Readonly<Record<string, unknown>>
  } catch {
    return undefined
  }
  const count = (name: string) => {
    const value = head?.[name]
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : -1
  }
  const text = (name: string) => (typeof head?.[name] === 'string' ? String(head[name]) : '')
  const [processId, moduleId, previous] = [text('processId'), text('moduleId'), text('previous')]
  const resultChain = decodeBase64Url(text('resultChain'))
  const stateRoot = decodeBase64Url(text('stateRoot'))
  const sizes = {
    memoryBytes: count('memoryBytes'),
    pages: count('pages'),
    storedPages: count('storedPages'),
    newPages: count('newPages'),
    hostStateBytes: count('hostStateBytes'),
  }
  const nextSlot = count('nextSlot')
  const shape = { ...sizes, hasBases: head?.hasBases === true }
  if (nextSlot < 1 || Object.values(sizes).some((value) => value < 0)) return undefined
  if (resultChain?.length !== 32 || stateRoot?.length !== 32) return undefined
  if (!isId(processId) || !isId(moduleId)) return undefined
  return { claim: { processId, moduleId, nextSlot, resultChain, stateRoot }, shape, previous }
}
