import { describe, expect, it } from 'vitest'
import { portableCrypto } from '../crypto/index.ts'
import { DataRootBuilder } from './data-root-builder.ts'
import { chunkBytesMax } from './limits.ts'
import { challengedOffsets, type StorageAnswer, verifyStorageProof } from './random-access.ts'

const engine = portableCrypto
const data = Uint8Array.from({ length: 3 * chunkBytesMax + 99 }, (_, i) => (i * i) >> 7)
const builder = new DataRootBuilder(engine)
const early = builder.push(data)
const { chunks: late, tree } = builder.end()
const chunks = [...early, ...late]
const nonce = new Uint8Array(32).fill(9)
const challenge = { root: tree.root, sizeBytes: data.length, nonce, count: 8 }

/** What an honest holder answers; without `lost`, what one says who lost a chunk. */
function answer(lost?: number): StorageAnswer[] {
  return challengedOffsets(challenge, engine).map((offset) => {
    const index = chunks.findIndex(({ toByte }) => offset < toByte)
    const bytes = chunks[index]?.bytes ?? new Uint8Array(0)
    const path = tree.path(index)
    return { path, bytes: index === lost ? new Uint8Array(bytes.length) : bytes }
  })
}

describe('a proof of storage', () => {
  it('holds for who has the data', () => {
    expect(verifyStorageProof(challenge, answer(), engine)).toBe(true)
  })

  it('asks other bytes with another nonce, spread over all of the data', () => {
    const asked = new Set<number>()
    for (let i = 0; i < 20; i++) {
      const other = { ...challenge, nonce: new Uint8Array(32).fill(i) }
      for (const offset of challengedOffsets(other, engine)) {
        expect(offset).toBeGreaterThanOrEqual(0)
        expect(offset).toBeLessThan(data.length)
        asked.add(Math.floor(offset / chunkBytesMax))
      }
    }
    expect(asked.size).toBeGreaterThanOrEqual(3)
  })

  it('fails who lost a chunk, answers less, or answers something else', () => {
    const offset = challengedOffsets(challenge, engine)[0] ?? 0
    const lost = chunks.findIndex(({ toByte }) => offset < toByte)
    expect(verifyStorageProof(challenge, answer(lost), engine)).toBe(false)
    expect(verifyStorageProof(challenge, answer().slice(1), engine)).toBe(false)
    expect(verifyStorageProof(challenge, answer().reverse(), engine)).toBe(false)
    const other = { ...challenge, nonce: new Uint8Array(32).fill(1) }
    expect(verifyStorageProof(other, answer(), engine)).toBe(false)
  })

  it('is refused where the challenge asks nothing', () => {
    const wrong = [
      { ...challenge, nonce: new Uint8Array(31) },
      { ...challenge, root: new Uint8Array(0) },
      { ...challenge, sizeBytes: 0 },
      { ...challenge, count: 0 },
      { ...challenge, count: 33 },
      { ...challenge, count: 1.5 },
    ]
    for (const given of wrong) expect(() => challengedOffsets(given, engine)).toThrow(/proof/)
  })
})
