import { chunkBytes } from '@heddle/protocol/model'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chunkRun, runBytes } from '../worker/runs.ts'
import { chunkSource } from './chunk-source.ts'

const mebibytes = 5
const weights = new Uint8Array(mebibytes * 2 ** 20)
for (let at = 0; at < weights.length; at += 4) {
  new DataView(weights.buffer).setUint32(at, Math.imul(at, 2654435761), true)
}

type Read = { readonly share: number; readonly length: number }

/** Reads anywhere, forwards and backwards, from weights of any size that come in runs or chunks. */
async function readAll(sizeBytes: number, partBytes: number, reads: readonly Read[]) {
  const all = weights.subarray(0, sizeBytes)
  const lent = new Set<ArrayBufferLike>()
  const source = chunkSource(
    { sizeBytes },
    async (index, done) => {
      // Memory that is given back must be nobody's any more: what lies in it is written over.
      const room = new Uint8Array(done ?? new ArrayBuffer(runBytes)).fill(0)
      expect(done === undefined || lent.delete(done)).toBe(true)
      const part = all.subarray(index * partBytes, (index + 1) * partBytes)
      await Promise.resolve()
      room.set(part)
      lent.add(room.buffer)
      return room.subarray(0, part.length)
    },
    partBytes,
  )
  for (const { share, length } of reads) {
    const position = Math.floor(share * sizeBytes)
    const into = new Uint8Array(Math.min(length, sizeBytes - position))
    await source.read(into, position)
    expect(Buffer.compare(into, all.subarray(position, position + into.length))).toBe(0)
  }
}

const read = fc.record({
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.oneof(fc.nat(4096), fc.nat(2 * runBytes)),
})

test('weights read in chunks or in runs are the weights, wherever one reads', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: weights.length }),
      fc.constantFrom(chunkBytes, runBytes),
      fc.array(read, { minLength: 1, maxLength: 6 }),
      readAll,
    ),
    { numRuns: 40 },
  )
})

test('runs name each chunk once, the last one short', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 34 }), (sizeBytes) => {
      const last = Math.ceil(sizeBytes / runBytes) - 1
      const { first, count } = chunkRun(sizeBytes, last)
      expect(first + count).toBe(Math.ceil(sizeBytes / chunkBytes))
      if (last > 0) expect(chunkRun(sizeBytes, last - 1).count * chunkBytes).toBe(runBytes)
    }),
  )
})
