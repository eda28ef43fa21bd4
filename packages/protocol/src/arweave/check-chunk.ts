import { decodeBase64Url, equalBytes } from '../base/index.ts'
import type { CryptoEngine } from '../crypto/index.ts'
import { type PostedChunk, type ProvenChunk, validatePath } from './data-path.ts'
import { type ChunkFault, chunkRefused } from './errors.ts'
import { chunkBytesMax, hashBytes, transactionLimits } from './limits.ts'

/** Reads the JSON of POST /chunk, limits first. Throws `chunk-refused`. */
export function parsePostedChunk(json: unknown): PostedChunk {
  if (typeof json !== 'object' || json === null) throw chunkRefused('invalid_json')
  const fields: Readonly<Record<string, unknown>> = { ...json }
  const root = bytesOf(fields.data_root, hashBytes, 'invalid_json')
  if (root.length !== hashBytes) throw chunkRefused('invalid_json')
  return {
    root,
    sizeBytes: numberOf(fields.data_size, 'data_size_too_big'),
    offset: numberOf(fields.offset, 'offset_too_big'),
    path: bytesOf(fields.data_path, transactionLimits.pathBytes, 'data_path_too_big'),
    bytes: bytesOf(fields.chunk, chunkBytesMax, 'chunk_too_big'),
  }
}

/**
 * Checks a chunk by the network's rules and returns the range it fills. `dataHash` is its SHA-256,
 * where that was taken elsewhere. Throws `chunk-refused`.
 */
export function checkPostedChunk(
  chunk: PostedChunk,
  engine: CryptoEngine,
  dataHash = engine.sha256(chunk.bytes),
): ProvenChunk {
  const { sizeBytes, offset, path, bytes } = chunk
  if (bytes.length > chunkBytesMax) throw chunkRefused('chunk_too_big')
  if (path.length > transactionLimits.pathBytes) throw chunkRefused('data_path_too_big')
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) throw chunkRefused('data_size_too_big')
  if (!Number.isSafeInteger(offset) || offset >= sizeBytes) throw chunkRefused('offset_too_big')
  const proven = validatePath(chunk, offset, path, engine)
  if (proven === undefined || !equalBytes(proven.dataHash, dataHash)) {
    throw chunkRefused('invalid_proof')
  }
  const { fromByte, toByte } = proven
  if (toByte - fromByte !== bytes.length) throw chunkRefused('invalid_proof')
  // The last chunk may be as short as it likes; others must be worth their proof.
  if (path.length > bytes.length && toByte !== sizeBytes) {
    throw chunkRefused('chunk_proof_ratio_not_attractive')
  }
  return proven
}

function bytesOf(value: unknown, most: number, tooBig: ChunkFault): Uint8Array {
  if (typeof value !== 'string') throw chunkRefused('invalid_json')
  if (value.length > Math.ceil((most * 4) / 3)) throw chunkRefused(tooBig)
  const bytes = decodeBase64Url(value)
  if (bytes === undefined) throw chunkRefused('invalid_json')
  return bytes
}

function numberOf(value: unknown, tooBig: ChunkFault): number {
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text !== 'string' || !/^\d+$/.test(text)) throw chunkRefused('invalid_json')
  const number = Number(text)
  if (!Number.isSafeInteger(number)) throw chunkRefused(tooBig)
  return number
}
