import { describe, expect, it } from 'vitest'
import { concatBytes, isHeddleError, toHex } from '../base/index.ts'
import { encryptBlock } from './aes.ts'
import {
  blobLevels,
  type CommittedBlob,
  commitBlob,
  decodeParameters,
  encodeParameters,
  hashPieces,
  layoutOf,
  lengthBytesMax,
  newLeafTable,
  openCommitment,
  piecePath,
  portableCommitment,
  portableFingerprint,
  rowPath,
  verifyRow,
  verifySample,
} from './index.ts'

const engine = portableCommitment.sha256
const parameters = { k: 16, n: 24, lengthBytes: 4000, hashId: 1 }
const { pieceBytes } = layoutOf(parameters)

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

function codeOf(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return isHeddleError(error) ? error.code : error
  }
  return undefined
}

/** The rows of a blob, changed by `spoil` before they are hashed. */
function publish(spoil: (rows: Uint8Array) => void = () => {}) {
  const rows = new Uint8Array(parameters.n * pieceBytes)
  rows.set(Uint8Array.from({ length: parameters.lengthBytes }, (_, i) => (i * i + i) >> 3))
  const data = rows.subarray(0, parameters.k * pieceBytes)
  engine.erasure.encode({ k: 16, n: 24, pieceBytes }, data, rows.subarray(data.length))
  spoil(rows)
  const table = newLeafTable(parameters)
  hashPieces(engine, table, 0, 0, rows)
  const roots = blobLevels(engine, table)
  const pieceOf = (row: number) => rows.subarray(row * pieceBytes, (row + 1) * pieceBytes)
  const committed = commitBlob(engine, parameters, roots, pieceOf)
  const check = (blob: CommittedBlob, row: number) =>
    verifyRow(
      engine,
      openCommitment(engine, blob),
      row,
      [pieceOf(row)],
      rowPath(engine, roots, row),
    )
  return { committed, table, roots, pieceOf, check }
}

describe('the fingerprint', () => {
  it('uses AES as FIPS 197 has it (appendix B and C.1)', () => {
    const key = fromHex('2b7e151628aed2a6abf7158809cf4f3c')
    const block = fromHex('3243f6a8885a308d313198a2e0370734')
    expect(toHex(encryptBlock(key, block))).toBe('3925841d02dc09fbdc118597196a0b32')
    const counting = fromHex('000102030405060708090a0b0c0d0e0f')
    const ones = fromHex('00112233445566778899aabbccddeeff')
    expect(toHex(encryptBlock(counting, ones))).toBe('69c4e0d86a7b0430d8cdb78070b4c55a')
  })

  it('has the hash key of GCM test case 1 (McGrew and Viega), and its powers', () => {
    const key = new Uint8Array(16)
    const h = encryptBlock(key, new Uint8Array(16))
    expect(toHex(h)).toBe('66e94bd4ef8a2c3b884cfa59ca342b2e')
    // In GCM's bit order the field's one is 80 00 … 00; words are those of plane 0.
    const one = new Uint8Array(128)
    one[0] = 0x80
    const hash = new Uint8Array(128)
    hash.set(h)
    const first = (pieces: Uint8Array[]) => portableFingerprint([key], pieces).subarray(0, 16)
    // One and a zero word give 1·H³, the word H alone gives H·H².
    expect(first([one, new Uint8Array(128)])).toEqual(first([hash]))
    expect(first([one])).not.toEqual(first([hash]))
    // The other planes are empty.
    expect(portableFingerprint([key], [one]).subarray(16)).toEqual(new Uint8Array(112))
  })

  it('is linear and tells one bit', () => {
    const keys = [fromHex('000102030405060708090a0b0c0d0e0f')]
    const a = Uint8Array.from({ length: 384 }, (_, i) => i * 7)
    const b = Uint8Array.from({ length: 384 }, (_, i) => i * i)
    const sum = a.map((byte, i) => byte ^ (b[i] ?? 0))
    const [fa, fb] = [portableFingerprint(keys, [a]), portableFingerprint(keys, [b])]
    expect(portableFingerprint(keys, [sum])).toEqual(fa.map((byte, i) => byte ^ (fb[i] ?? 0)))
    const bent = a.slice()
    bent[383] = (bent[383] ?? 0) ^ 1
    expect(portableFingerprint(keys, [bent])).not.toEqual(fa)
    expect(portableFingerprint(keys, [new Uint8Array(256)])).toEqual(new Uint8Array(128))
  })
})

describe('parameters', () => {
  it('come back from their bytes, and nothing else does', () => {
    const bytes = encodeParameters(parameters)
    expect(decodeParameters(bytes)).toEqual(parameters)
    const changed = (at: number, value: number) => {
      const copy = bytes.slice()
      copy[at] = value
      return codeOf(() => decodeParameters(copy))
    }
    expect(changed(0, 2)).toBe('commitment-parameters')
    expect(changed(1, 3)).toBe('commitment-parameters')
    expect(changed(2, 17)).toBe('erasure-shape')
    expect(changed(4, 16)).toBe('erasure-shape')
    expect(changed(13, 1)).toBe('commitment-parameters')
    expect(codeOf(() => decodeParameters(bytes.subarray(1)))).toBe('commitment-parameters')
    const empty = { ...parameters, lengthBytes: 0 }
    expect(codeOf(() => encodeParameters(empty))).toBe('commitment-parameters')
  })

  it('lay a blob out without an empty stripe', () => {
    for (const k of [16, 64]) {
      const stripe = k * 16384
      const lengths = [1, 127, stripe - 1, stripe, stripe + 1, 3 * stripe + 5, lengthBytesMax(k)]
      for (const lengthBytes of lengths) {
        const shape = layoutOf({ k, n: 192, lengthBytes, hashId: 1 })
        expect(shape.stripes * k * shape.pieceBytes).toBeGreaterThanOrEqual(lengthBytes)
        expect((shape.stripes - 1) * k * shape.pieceBytes).toBeLessThan(lengthBytes)
        expect(shape.pieceBytes).toBeLessThanOrEqual(16384)
        expect(shape.segments).toBeLessThanOrEqual(64)
      }
    }
  })
})

describe('a commitment', () => {
  it('convinces a storer of each honest row alone', () => {
    const { committed, check } = publish()
    for (let row = 0; row < parameters.n; row++) expect(check(committed, row)).toBeUndefined()
  })

  it('of a word that is no codeword convinces no storer of the wrong rows', () => {
    const wrong = 20
    const { committed, check } = publish((rows) => {
      rows[wrong * pieceBytes] = (rows[wrong * pieceBytes] ?? 0) ^ 1
    })
    expect(check(committed, wrong)).toBe('fingerprint')
    expect(check(committed, wrong + 1)).toBeUndefined()
    // With a data row wrong, parity rows no longer fit the fingerprints.
    const other = publish((rows) => {
      rows[3 * pieceBytes + 9] = (rows[3 * pieceBytes + 9] ?? 0) ^ 128
    })
    expect(other.check(other.committed, 3)).toBeUndefined()
    const parityRows = [16, 17, 18, 19, 20, 21, 22, 23]
    const faults = parityRows.map((row) => other.check(other.committed, row))
    expect(faults).toEqual(parityRows.map(() => 'fingerprint'))
  })

  it('binds parameters, root and fingerprints', () => {
    const { committed, check } = publish()
    const bend = (bytes: Uint8Array) => bytes.map((byte, i) => (i === 3 ? byte ^ 1 : byte))
    const longer = { ...parameters, lengthBytes: 4001 }
    const changes: Partial<CommittedBlob>[] = [
      { parameters: longer },
      { root: bend(committed.root) },
      { fingerprints: bend(committed.fingerprints) },
      { commitment: bend(committed.commitment) },
    ]
    for (const change of changes) {
      expect(codeOf(() => check({ ...committed, ...change }, 0))).toBe('commitment-mismatch')
    }
    const short = { ...committed, fingerprints: committed.fingerprints.subarray(1) }
    expect(codeOf(() => check(short, 0))).toBe('commitment-parameters')
    const blake3 = { ...committed, parameters: { ...parameters, hashId: 2 } }
    expect(codeOf(() => check(blake3, 0))).toBe('commitment-hash')
  })

  it('refuses rows of another shape, index or path', () => {
    const { committed, pieceOf, roots } = publish()
    const open = openCommitment(engine, committed)
    const path = rowPath(engine, roots, 5)
    const of = (row: number, pieces: Uint8Array[], given = path) =>
      verifyRow(engine, open, row, pieces, given)
    expect(of(5, [pieceOf(5)])).toBeUndefined()
    expect(of(4, [pieceOf(5)])).toBe('path')
    expect(of(24, [pieceOf(5)])).toBe('shape')
    expect(of(-1, [pieceOf(5)])).toBe('shape')
    expect(of(5, [])).toBe('shape')
    expect(of(5, [pieceOf(5).subarray(16)])).toBe('shape')
    expect(of(5, [pieceOf(5)], concatBytes([path, path]))).toBe('path')
    expect(of(5, [pieceOf(5)], path.subarray(32))).toBe('path')
  })

  it('gives samples', () => {
    const { committed, pieceOf, roots, table } = publish()
    const open = openCommitment(engine, committed)
    const sample = {
      row: 9,
      stripe: 0,
      piece: pieceOf(9),
      piecePath: piecePath(engine, table, 9, 0),
      rowPath: rowPath(engine, roots, 9),
    }
    expect(verifySample(engine, open, sample)).toBeUndefined()
    expect(verifySample(engine, open, { ...sample, row: 8 })).toBe('path')
    expect(verifySample(engine, open, { ...sample, stripe: 1 })).toBe('path')
    expect(verifySample(engine, open, { ...sample, piece: pieceOf(8) })).toBe('path')
    expect(verifySample(engine, open, { ...sample, piece: new Uint8Array(8) })).toBe('shape')
  })
})
