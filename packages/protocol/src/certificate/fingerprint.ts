import { layout } from '../params/index.ts'
import type { Fingerprint } from './ghash.ts'
import type { BlobLayout } from './parameters.ts'

/** Bytes of one row's fingerprints: 256 for each segment. */
export function fingerprintBytes({ segments }: BlobLayout): number {
  return segments * layout.fingerprintKeys * 128
}

/**
 * The fingerprints of one row, laid out as a piece of the code: plane p holds, segment after
 * segment and key after key, the 16 bytes of L_K over plane p of the row's pieces in that segment.
 * As L_K is linear and treats all planes alike, these pieces form a codeword when the rows do.
 */
export function fingerprintRow(
  fingerprint: Fingerprint,
  keys: readonly Uint8Array[],
  shape: BlobLayout,
  pieces: readonly Uint8Array[],
): Uint8Array {
  const outPlaneBytes = fingerprintBytes(shape) / 8
  const out = new Uint8Array(fingerprintBytes(shape))
  const tagBytes = 16 * keys.length
  for (let segment = 0; segment < shape.segments; segment++) {
    const from = segment * layout.segmentStripes
    const tags = fingerprint(keys, pieces.slice(from, from + layout.segmentStripes))
    for (let plane = 0; plane < 8; plane++) {
      const own = tags.subarray(plane * tagBytes, (plane + 1) * tagBytes)
      out.set(own, plane * outPlaneBytes + segment * tagBytes)
    }
  }
  return out
}
