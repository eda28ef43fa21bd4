import { concatBytes, decodeBase64Url, encodeBase64Url } from '@heddle/protocol/base'
import type { Retention } from '@heddle/protocol/params'
import { type RawRecord, recordHeadBytes } from './segments/format.ts'

/** A data set in records and index: the root is 32 bytes. */
export type DataKey = { readonly root: Uint8Array; readonly sizeBytes: number }

/** A chunk's place within a data set, and what proves it. */
export type ChunkPlace = {
  readonly fromByte: number
  readonly toByte: number
  /** SHA-256 of the chunk, by which its bytes are kept once. */
  readonly hash: Uint8Array
  readonly path: Uint8Array
}

/** What a segment file says, one statement at a time; the index is what follows from all of them. */
export type StoreRecord =
  | {
      readonly kind: 'chunk'
      readonly hash: Uint8Array
      /** Of the same bytes, taken when they were hashed; absent in older records. */
      readonly blake3: Uint8Array | undefined
      readonly bodyBytes: number
    }
  | { readonly kind: 'places'; readonly data: DataKey; readonly places: readonly ChunkPlace[] }
  | {
      readonly kind: 'hold'
      readonly data: DataKey
      readonly holder: string
      readonly retention: Retention
    }
  | { readonly kind: 'release'; readonly data: DataKey; readonly holder: string }
  | { readonly kind: 'forget'; readonly data: DataKey }

const placeHeadBytes = 52
const none = new Uint8Array(0)

/**
 * The meta of a chunk is its SHA-256, and its BLAKE3 where there is one; of everything else the data set
 * it is about.
 */
export function encodeChunk(
  hash: Uint8Array,
  blake3: Uint8Array | undefined,
  bytes: Uint8Array,
): RawRecord {
  return {
    kind: 'chunk',
    meta: blake3 === undefined ? hash : concatBytes([hash, blake3]),
    body: bytes,
  }
}

/** The hashes in the meta of a chunk; undefined where it is none. */
export function decodeChunkMeta(meta: Uint8Array) {
  if (meta.length !== 32 && meta.length !== 64) return undefined
  return {
    hash: meta.subarray(0, 32),
    blake3: meta.length === 64 ? meta.subarray(32) : undefined,
  }
}

/** Bytes of a chunk's record before its body. */
export function chunkHeadBytes(blake3: Uint8Array | undefined): number {
  return recordHeadBytes + (blake3 === undefined ? 32 : 64)
}

/**
 * Several chunks of one data set: their ranges, hashes and paths. `memory` is where the body is put if it
 * is large enough; it must stay as it is until the record is written.
 */
export function encodePlaces(
  data: DataKey,
  places: readonly ChunkPlace[],
  memory?: Buffer,
): RawRecord {
  const bodyBytes = places.reduce((sum, { path }) => sum + placeHeadBytes + path.length, 0)
  const fits = memory !== undefined && memory.length >= bodyBytes
  const body = fits ? memory.subarray(0, bodyBytes) : Buffer.allocUnsafe(bodyBytes)
  let at = 0
  for (const { fromByte, toByte, hash, path } of places) {
    body.writeDoubleLE(fromByte, at)
    body.writeDoubleLE(toByte, at + 8)
    body.set(hash, at + 16)
    body.writeUInt32LE(path.length, at + 48)
    body.set(path, at + placeHeadBytes)
    at += placeHeadBytes + path.length
  }
  return { kind: 'places', meta: encodeKey(data), body }
}

export function encodeHold(data: DataKey, holder: string, retention: Retention): RawRecord {
  const body = Buffer.from(JSON.stringify({ holder, ...retentionJson(retention) }))
  return { kind: 'hold', meta: encodeKey(data), body }
}

export function encodeRelease(data: DataKey, holder: string): RawRecord {
  return { kind: 'release', meta: encodeKey(data), body: Buffer.from(holder) }
}

export function encodeForget(data: DataKey): RawRecord {
  return { kind: 'forget', meta: encodeKey(data), body: none }
}

/**
 * What a raw record says, or undefined where its checksums hold and it still makes no sense. A
 * chunk's body is not needed.
 */
export function decodeRecord(raw: RawRecord, bodyBytes: number): StoreRecord | undefined {
  const { kind, meta, body } = raw
  if (kind === 'chunk') {
    const hashes = decodeChunkMeta(meta)
    return hashes && { kind, ...hashes, bodyBytes }
  }
  const data = decodeKey(meta)
  if (data === undefined) return undefined
  switch (kind) {
    case 'places': {
      const places = decodePlaces(Buffer.from(body.buffer, body.byteOffset, body.length))
      return places && { kind, data, places }
    }
    case 'hold':
      return decodeHold(data, body)
    case 'release':
      return { kind, data, holder: Buffer.from(body).toString() }
    case 'forget':
      return { kind, data }
  }
}

/** Root and size as one key of 40 bytes. */
export function encodeKey({ root, sizeBytes }: DataKey): Buffer {
  const key = Buffer.alloc(40)
  key.set(root, 0)
  key.writeDoubleLE(sizeBytes, 32)
  return key
}

/** The key of a data set by its public name, or undefined where that names none. */
export function keyOf(dataRoot: string, sizeBytes: number): DataKey | undefined {
  const root = dataRoot.length === 43 ? decodeBase64Url(dataRoot) : undefined
  const isSize = Number.isSafeInteger(sizeBytes) && sizeBytes > 0
  return root?.length === 32 && isSize ? { root, sizeBytes } : undefined
}

export function nameOf({ root, sizeBytes }: DataKey) {
  return { dataRoot: encodeBase64Url(root), sizeBytes }
}

function decodeKey(meta: Uint8Array): DataKey | undefined {
  if (meta.length !== 40) return undefined
  const sizeBytes = Buffer.from(meta.buffer, meta.byteOffset, 40).readDoubleLE(32)
  return Number.isSafeInteger(sizeBytes)
    ? { root: new Uint8Array(meta.subarray(0, 32)), sizeBytes }
    : undefined
}

function decodePlaces(body: Buffer): ChunkPlace[] | undefined {
  const places: ChunkPlace[] = []
  for (let at = 0; at < body.length; ) {
    if (body.length - at < placeHeadBytes) return undefined
    const pathEnd = at + placeHeadBytes + body.readUInt32LE(at + 48)
    if (pathEnd > body.length) return undefined
    places.push({
      fromByte: body.readDoubleLE(at),
      toByte: body.readDoubleLE(at + 8),
      hash: new Uint8Array(body.subarray(at + 16, at + 48)),
      path: new Uint8Array(body.subarray(at + placeHeadBytes, pathEnd)),
    })
    at = pathEnd
  }
  return places
}

function decodeHold(data: DataKey, body: Uint8Array): StoreRecord | undefined {
  const text = Buffer.from(body).toString()
  const retention = parseRetentionText(text)
  const { holder } = fieldsOf(text)
  if (typeof holder !== 'string' || retention === undefined) return undefined
  return { kind: 'hold', data, holder, retention }
}

/** A retention as JSON, where a stake is text. */
export function retentionJson({ minimumStake, ...rest }: Retention) {
  return { ...rest, minimumStake: String(minimumStake) }
}

/** Reads what `retentionJson` gave, as text. */
export function parseRetentionText(text: string): Retention | undefined {
  const { untilMs, copies, placement, minimumStake } = fieldsOf(text)
  if (untilMs !== undefined && typeof untilMs !== 'number') return undefined
  if (typeof copies !== 'number' || !Array.isArray(placement)) return undefined
  if (typeof minimumStake !== 'string' || !/^\d+$/.test(minimumStake)) return undefined
  return {
    ...(untilMs === undefined ? {} : { untilMs }),
    copies,
    placement: placement.map(String),
    minimumStake: BigInt(minimumStake),
  }
}

function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  const json: unknown = JSON.parse(text)
  return typeof json === 'object' && json !== null ? { ...json } : {}
}
