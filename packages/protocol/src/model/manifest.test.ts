import { expect, it } from 'vitest'
import { encodeBase64Url } from '../base/index.ts'
import { hashIds, portableBlake3, portableSha256 } from '../merkle/index.ts'
import { checkChunk, chunkBytes, chunkRoot } from './chunks.ts'
import { type ModelManifest, readManifest, writeManifest } from './manifest.ts'

const file = new Uint8Array(chunkBytes + 10).map((_, i) => i % 251)
const chunks = [file.subarray(0, chunkBytes), file.subarray(chunkBytes)]

function manifestOf(version: 1 | 2): ModelManifest {
  const hash = version === 1 ? portableSha256 : portableBlake3
  const leaves = new Uint8Array(64)
  for (const [i, chunk] of chunks.entries()) leaves.set(hash.digest(chunk), 32 * i)
  const weights = { sizeBytes: file.length, leaves, ...(version === 1 ? {} : { hashId: hash.id }) }
  return {
    version,
    name: 'two chunks',
    format: 'llama2c',
    precision: 'int8',
    group: 32,
    shape: {
      ...{ dim: 8, hidden: 12, layers: 1, heads: 2, kvHeads: 1, headDim: 4, vocab: 6 },
      ...{ context: 32, tied: true, epsilon: 1e-5, ropeBase: 10_000 },
    },
    root: encodeBase64Url(chunkRoot(weights, hash)),
    weights,
    chunks: ['A'.repeat(43), 'B'.repeat(42).concat('A')],
    tokenizerHash: 'A'.repeat(43),
    chat: 'plain',
    licence: '',
    derivedFrom: [],
  }
}

it.each([1, 2] as const)('version %i says what its chunks are hashed with', (version) => {
  const manifest = { ...manifestOf(version), name: 'two-chunks' }
  // Whichever engine a reader has, it is the manifest that decides.
  for (const given of [portableSha256, portableBlake3]) {
    const { weights, ...rest } = readManifest(writeManifest(manifest), given)
    expect({ ...rest, weights }).toEqual(manifest)
    expect(weights.hashId).toBe(version === 1 ? undefined : hashIds.blake3)
    for (const [i, chunk] of chunks.entries()) {
      expect(() => checkChunk(weights, i, chunk, given)).not.toThrow()
      const damaged = chunk.with(3, 255)
      expect(() => checkChunk(weights, i, damaged, given)).toThrow(/chunk/)
    }
  }
})

it('digests of one hash are refused under the version of the other', () => {
  const [first, second] = [manifestOf(1), manifestOf(2)].map((each) => ({ ...each, name: 'n' }))
  expect(first?.root).not.toBe(second?.root)
  for (const [manifest, version] of [
    [first, 2],
    [second, 1],
  ] as const) {
    const bytes = writeManifest({ ...manifestOf(1), ...manifest, version })
    expect(() => readManifest(bytes, portableSha256)).toThrow(/root/)
  }
})
