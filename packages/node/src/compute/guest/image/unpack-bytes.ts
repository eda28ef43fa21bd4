import { zstdDecompressSync } from 'node:zlib'

/** States shrink by about this much; beyond it room is made as it is needed. */
const usualRatio = 16
const leastRoomBytes = 65_536

/**
 * What zstd packed, `length` bytes of it at most. Room is made for what that many packed bytes usually
 * hold, not for what they claim: one piece of memory instead of hundreds. Throws where it is no
 * zstd or longer.
 */
export function unpackBytes(packed: Uint8Array, length: number): Uint8Array {
  const chunkSize = Math.min(length, usualRatio * packed.length) + leastRoomBytes
  const content = zstdDecompressSync(packed, { maxOutputLength: Math.max(length, 1), chunkSize })
  return new Uint8Array(content.buffer, content.byteOffset, content.length)
}
