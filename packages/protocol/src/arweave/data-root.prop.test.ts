import merkle from 'arweave/node/lib/merkle.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes, equalBytes } from '../base/index.ts'
import { portableCrypto } from '../crypto/index.ts'
import { validatePath } from './data-path.ts'
import { DataRootBuilder, dataRootOf } from './data-root-builder.ts'
import { chunkBytesMax, chunkBytesMin } from './limits.ts'

const engine = portableCrypto

/** Bytes that differ from chunk to chunk, without the cost of real chance. */
function pattern(sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes)
  let word = sizeBytes + 1
  for (let i = 0; i < sizeBytes; i += 61) {
    word = (Math.imul(word, 1_103_515_245) + 12_345) >>> 0
    bytes[i] = word >>> 24
  }
  return bytes
}

function build(data: Uint8Array, partBytes: number) {
  const builder = new DataRootBuilder(engine)
  const chunks = []
  for (let at = 0; at < data.length; at += partBytes) {
    chunks.push(...builder.push(data.subarray(at, at + partBytes)))
  }
  const { chunks: last, tree } = builder.end()
  return { chunks: [...chunks, ...last], tree }
}

/** Everything arweave-js says of the data, we say; and each reads the other's paths. */
async function compareWithArweaveJs(data: Uint8Array, partBytes: number): Promise<void> {
  const theirs = await merkle.generateTransactionChunks(data)
  const { chunks, tree } = build(data, partBytes)
  expect(equalBytes(tree.root, theirs.data_root)).toBe(true)
  expect(chunks.map(({ toByte }) => toByte)).toEqual(theirs.chunks.map((c) => c.maxByteRange))
  expect(equalBytes(concatBytes(chunks.map(({ bytes }) => bytes)), data)).toBe(true)
  for (const [i, { fromByte, toByte, dataHash }] of chunks.entries()) {
    const path = tree.path(i)
    const proof = theirs.proofs[i]
    expect(proof && equalBytes(path, proof.proof)).toBe(true)
    const memory = new Uint8Array(path.length + 7).fill(255)
    const again = tree.path(i, memory)
    expect([again.buffer, equalBytes(again, path)]).toEqual([memory.buffer, true])
    expect(equalBytes(tree.path(i, memory.subarray(8)), path)).toBe(true)
    expect(proof?.offset).toBe(toByte - 1)
    const claim = { root: tree.root, sizeBytes: data.length }
    for (const offset of [fromByte, toByte - 1]) {
      const proven = validatePath(claim, offset, path, engine)
      expect(proven).toEqual({ dataHash, fromByte, toByte })
      const said = await merkle.validatePath(tree.root, offset, 0, data.length, path)
      expect(said).toMatchObject({ leftBound: fromByte, rightBound: toByte })
    }
    expect(validatePath(claim, toByte, path, engine)).toBeUndefined()
  }
}

const borders = [0, 1, 2, 3, 5].flatMap((full) =>
  [1, chunkBytesMin - 1, chunkBytesMin, chunkBytesMax - 1, chunkBytesMax].map(
    (rest) => full * chunkBytesMax + rest,
  ),
)

describe('data root', () => {
  it('is what arweave-js computes at every border of chunks', async () => {
    for (const size of borders) await compareWithArweaveJs(pattern(size), 100_003)
  })

  it('is what arweave-js computes for any size in any parts', async () => {
    const size = fc.integer({ min: 1, max: 5 * chunkBytesMax })
    const part = fc.integer({ min: 50_000, max: 6 * chunkBytesMax })
    const compare = fc.asyncProperty(size, part, (sizeBytes, partBytes) =>
      compareWithArweaveJs(pattern(sizeBytes), partBytes),
    )
    await fc.assert(compare, { numRuns: 8 })
  })

  it('tells equal chunks apart by their place: 3 MiB of zeros', async () => {
    await compareWithArweaveJs(new Uint8Array(3 * 1024 * 1024), chunkBytesMax)
  })

  it('is empty where there is no data', () => {
    expect(dataRootOf([], engine)).toEqual(new Uint8Array(0))
    expect(build(new Uint8Array(0), 1)).toMatchObject({ chunks: [], tree: { sizeBytes: 0 } })
  })

  it('refuses bytes after the end', () => {
    const builder = new DataRootBuilder(engine)
    builder.end()
    expect(() => builder.push(new Uint8Array(1))).toThrow(/ended before/)
  })
})

describe('a path', () => {
  const data = pattern(5 * chunkBytesMax + 77)
  const { tree } = build(data, data.length)
  const claim = { root: tree.root, sizeBytes: data.length }

  it('proves nothing once any of its bits is changed', async () => {
    const path = tree.path(2)
    const offset = 2 * chunkBytesMax + 5
    expect(validatePath(claim, offset, path, engine)).toBeDefined()
    const place = fc.integer({ min: 0, max: path.length - 1 })
    const flip = fc.property(place, fc.integer({ min: 0, max: 7 }), (at, bit) => {
      const changed = path.slice()
      changed[at] = (changed[at] ?? 0) ^ (1 << bit)
      expect(validatePath(claim, offset, changed, engine)).toBeUndefined()
    })
    fc.assert(flip, { numRuns: 60 })
  })

  it('proves nothing for another size, root, offset or length', () => {
    const path = tree.path(5)
    const offset = data.length - 1
    expect(validatePath(claim, offset, path, engine)).toBeDefined()
    const wrong: [typeof claim, number, Uint8Array][] = [
      [{ ...claim, sizeBytes: data.length + 1 }, offset, path],
      [{ ...claim, sizeBytes: data.length - 1 }, offset - 1, path],
      [{ ...claim, root: new Uint8Array(32) }, offset, path],
      [{ ...claim, root: new Uint8Array(0) }, offset, path],
      [claim, 0, path],
      [claim, -1, path],
      [claim, 0.5, path],
      [claim, data.length, path],
      [claim, offset, path.subarray(1)],
      [claim, offset, path.subarray(0, -1)],
      [claim, offset, concatBytes([path, path])],
      [claim, offset, new Uint8Array(0)],
    ]
    for (const [of, at, given] of wrong) {
      expect(validatePath(of, at, given, engine)).toBeUndefined()
    }
  })

  it('is believed only where arweave-js believes it, whatever its bytes', async () => {
    const { data_root, proofs } = await merkle.generateTransactionChunks(data)
    const paths = fc.tuple(fc.nat(5), fc.nat(5), fc.nat(data.length - 1), fc.nat(3))
    const agree = fc.asyncProperty(paths, async ([first, second, offset, steps]) => {
      const [a, b] = [proofs[first]?.proof, proofs[second]?.proof]
      if (a === undefined || b === undefined) throw new Error('there are six chunks')
      const path = concatBytes([a.subarray(0, 96 * steps), b.subarray(96 * steps)])
      const ours = validatePath({ root: data_root, sizeBytes: data.length }, offset, path, engine)
      const theirs = await merkle.validatePath(data_root, offset, 0, data.length, path)
      if (ours !== undefined) expect(theirs).toMatchObject({ leftBound: ours.fromByte })
    })
    await fc.assert(agree, { numRuns: 60 })
  })
})
