import {
  blobLevels,
  type CommitmentEngine,
  commitBlob,
  hashPieces,
  newLeafTable,
  openCommitment,
  portableCommitment,
  portableFingerprint,
  rowPath,
  verifyRow,
} from '@heddle/protocol/certificate'
import { portableBlake3, portableSha256 } from '@heddle/protocol/merkle'
import { describe, expect, it } from 'vitest'
import { createRuntime } from '../runtime/index.ts'
import { openBlake3 } from './blake3.ts'
import { nativeCommitment, nativeFingerprint, nativeSha256 } from './commitment-engine.ts'
import { openErasureEngine } from './erasure-engine.ts'
import { loadErasureKernel } from './kernel.ts'

const runtime = createRuntime()
const erasure = openErasureEngine(await loadErasureKernel(runtime.disk))
const native = nativeCommitment(erasure, nativeSha256)
const empty = new Uint8Array(0)
const bytes = (length: number) => runtime.random.bytes(length)

function commit(engine: CommitmentEngine, blob: Uint8Array, k: number, n: number) {
  const parameters = { k, n, lengthBytes: blob.length, hashId: engine.hash.id }
  const table = newLeafTable(parameters)
  const { pieceBytes, stripes } = table.layout
  const rows = Array.from({ length: stripes }, (_, stripe) => {
    const whole = new Uint8Array(n * pieceBytes)
    whole.set(blob.subarray(stripe * k * pieceBytes, (stripe + 1) * k * pieceBytes))
    const data = whole.subarray(0, k * pieceBytes)
    engine.erasure.encode(table.layout, data, whole.subarray(k * pieceBytes))
    hashPieces(engine, table, stripe, 0, whole)
    return whole
  })
  const pieceOf = (row: number, stripe: number) =>
    (rows[stripe] ?? empty).subarray(row * pieceBytes, (row + 1) * pieceBytes)
  const roots = blobLevels(engine, table)
  return { committed: commitBlob(engine, parameters, roots, pieceOf), roots, pieceOf, stripes }
}

const blake3 = openBlake3()
const hashes = [
  [nativeSha256, portableSha256],
  ...(blake3 === undefined ? [] : [[blake3, portableBlake3] as const]),
] as const

describe('native engines', () => {
  it('fingerprint and hash as the portable ones do', () => {
    const keys = [bytes(16), bytes(16)]
    for (const [count, length] of [
      [1, 128],
      [3, 384],
      [2, 16384],
      [16, 1280],
    ] as const) {
      const pieces = Array.from({ length: count }, () => bytes(length))
      const expected = portableFingerprint(keys, pieces)
      expect(Buffer.compare(nativeFingerprint(keys, pieces), expected)).toBe(0)
    }
    for (const length of [0, 65, 4096, 4097, 16384]) {
      const data = bytes(length)
      for (const [own, portable] of hashes) {
        expect(Buffer.compare(own.digest(data), portable.digest(data))).toBe(0)
      }
    }
  })

  it('make the same commitment as the portable ones', () => {
    const blob = bytes(5000)
    const ours = commit(native, blob, 16, 40).committed
    const theirs = commit(portableCommitment.sha256, blob, 16, 40).committed
    expect(Buffer.compare(ours.commitment, theirs.commitment)).toBe(0)
    expect(Buffer.compare(ours.fingerprints, theirs.fingerprints)).toBe(0)
  })

  it('convince every storer of a blob of two segments, and of nothing else', () => {
    const blob = bytes(17 * 2 ** 18 + 12345)
    const { committed, roots, pieceOf, stripes } = commit(native, blob, 16, 48)
    const open = openCommitment(native, committed)
    expect(open.layout.segments).toBe(2)
    for (let row = 0; row < 48; row++) {
      const pieces = Array.from({ length: stripes }, (_, stripe) => pieceOf(row, stripe))
      const path = rowPath(native, roots, row)
      expect(verifyRow(native, open, row, pieces, path)).toBeUndefined()
      if (row % 16 !== 5) continue
      expect(verifyRow(native, open, (row + 1) % 48, pieces, path)).toBe('path')
      const bent = pieces.map((piece) => piece.slice())
      const last = bent.at(-1) ?? empty
      last[77] = (last[77] ?? 0) ^ 4
      expect(verifyRow(native, open, row, bent, path)).toBe('path')
    }
  })
})
