import { hash } from 'node:crypto'
import { concatBytes, isHeddleError } from '@heddle/protocol/base'
import {
  type BlobParameters,
  fingerprintBytes,
  layoutOf,
  pathLimits,
} from '@heddle/protocol/certificate'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decodeGetPieces,
  decodePiecesReply,
  encodeGetPieces,
  encodePiecesReply,
} from './get-pieces.ts'
import { decodeGetRows, decodeRowsReply, encodeGetRows, encodeRowsReply } from './get-rows.ts'
import {
  type BlobHeader,
  decodeGetHeader,
  decodeHeaderReply,
  encodeGetHeader,
  encodeHeaderReply,
} from './header.ts'
import {
  decodePutRows,
  decodePutRowsReply,
  encodePutRows,
  encodePutRowsReply,
  type SentRow,
} from './put-rows.ts'
import { decodeGetStatus, decodeStatusReply, encodeGetStatus, encodeStatusReply } from './status.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const number64 = fc.maxSafeNat()

const parameters: fc.Arbitrary<BlobParameters> = fc
  .record({
    k: fc.constantFrom(16, 64),
    more: fc.integer({ min: 1, max: 100 }),
    lengthBytes: fc.integer({ min: 1, max: 9000 }),
    hashId: fc.constantFrom(1, 2),
  })
  .map(({ k, more, ...rest }) => ({ k, n: k + more, ...rest }))

function filled(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * seed + (i >> 3)) & 255)
}

const header: fc.Arbitrary<BlobHeader> = parameters.chain((shape) =>
  fc.record({
    committed: fc.record({
      parameters: fc.constant(shape),
      root: bytes(32),
      commitment: bytes(32),
      fingerprints: fc
        .nat()
        .map((seed) => filled(shape.k * fingerprintBytes(layoutOf(shape)), seed)),
    }),
    setId: bytes(32),
    epoch: number64,
    expiresAtSeconds: number64,
  }),
)

function rowsOf({ committed }: BlobHeader, seed: number): SentRow[] {
  const layout = layoutOf(committed.parameters)
  const { rowPathBytesMax } = pathLimits(layout)
  const chosen = Array.from({ length: layout.n }, (_, row) => row).filter(
    (row) => (row * 7 + seed) % 11 === 0,
  )
  return chosen.map((row) => ({
    row,
    path: filled(Math.min(rowPathBytesMax, 32 * (1 + (seed % 5))), row),
    pieces: Array.from({ length: layout.stripes }, (_, s) => filled(layout.pieceBytes, s + row)),
  }))
}

/** Equal, whatever the order of fields and the class of byte arrays; prints digests of bytes. */
function same(a: unknown, b: unknown): void {
  expect(digested(a)).toEqual(digested(b))
}

function digested(value: unknown): unknown {
  if (value instanceof Uint8Array) return `${value.length}:${hash('sha256', value)}`
  if (Array.isArray(value)) return value.map(digested)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, digested(part)]))
}

describe('wire', () => {
  it('brings rows, headers and pieces back as they were', () => {
    fc.assert(
      fc.property(header, fc.nat(), (given, seed) => {
        const rows = rowsOf(given, seed)
        const put = encodePutRows({ header: given, rows })
        same(decodePutRows(put.meta, concatBytes(put.bodyParts)), { header: given, rows })
        const told = { header: given, rows: rows.map(({ row }) => row) }
        const head = encodeHeaderReply(told)
        same(decodeHeaderReply(head.meta, concatBytes(head.bodyParts)), told)
        const { parameters: shape, commitment } = given.committed
        const reply = encodeRowsReply(rows)
        same(decodeRowsReply(shape, reply.meta, concatBytes(reply.bodyParts)), rows)
        const asked = { commitment, rows: told.rows }
        same(decodeGetRows(encodeGetRows(asked)), asked)
        same(decodeGetHeader(encodeGetHeader(commitment)), commitment)
        const { pieceBytes } = layoutOf(shape)
        const pieces = {
          rowPath: filled(96, 3),
          pieces: [{ piece: filled(pieceBytes, 9), path: filled(0, 1) }],
        }
        const sent = encodePiecesReply(pieces)
        same(decodePiecesReply(shape, sent.meta, concatBytes(sent.bodyParts)), pieces)
      }),
      { numRuns: 60 },
    )
  })

  it('brings small messages back as they were', () => {
    fc.assert(
      fc.property(bytes(48), bytes(96), number64, fc.nat(65535), (key, signature, count, row) => {
        const status = { key, blobs: count, rows: row, heldBytes: count, capacityBytes: row }
        same(decodeStatusReply(encodeStatusReply(status)), status)
        decodeGetStatus(encodeGetStatus())
        for (const reply of [
          { rowsHeld: row, signature },
          { rowsHeld: row, signature: undefined },
        ]) {
          same(decodePutRowsReply(encodePutRowsReply(reply)), reply)
        }
        const commitment = key.subarray(0, 32)
        const asked = { commitment, row, fromStripe: row, count: 1 + (row % 64) }
        same(decodeGetPieces(encodeGetPieces(asked)), asked)
      }),
      { numRuns: 60 },
    )
  })
})

/** Every decoder, as a lane would call it with what a peer sent. */
const shape = { k: 16, n: 40, lengthBytes: 5000, hashId: 1 }
const decoders: readonly ((meta: Uint8Array, body: Uint8Array) => unknown)[] = [
  decodePutRows,
  decodePutRowsReply,
  decodeGetRows,
  (meta, body) => decodeRowsReply(shape, meta, body),
  decodeGetPieces,
  (meta, body) => decodePiecesReply(shape, meta, body),
  decodeGetHeader,
  decodeHeaderReply,
  decodeGetStatus,
  decodeStatusReply,
]

/** A decoder returns or refuses with an error of ours; any other throw fails the test. */
function survives(meta: Uint8Array, body: Uint8Array): number {
  let refused = 0
  for (const decode of decoders) {
    try {
      decode(meta, body)
    } catch (error) {
      if (!isHeddleError(error)) throw error
      refused++
    }
  }
  return refused
}

describe('hostile messages', () => {
  it('are refused without a crash, whatever the bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.uint8Array({ maxLength: 300 }),
        (meta, body) => {
          meta[0] = 1
          survives(meta, body)
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('are refused where one byte is cut, added or bent out of form', () => {
    const given = fc.sample(header, { numRuns: 1, seed: 7 })[0]
    if (given === undefined) throw new Error('no sample')
    const put = encodePutRows({ header: given, rows: rowsOf(given, 4) })
    const body = concatBytes(put.bodyParts)
    const refusal = (meta: Uint8Array, given: Uint8Array) => {
      try {
        decodePutRows(meta, given)
      } catch (error) {
        return isHeddleError(error) ? error.code : error
      }
    }
    for (let at = 0; at < put.meta.length; at += 7) {
      expect(refusal(put.meta.subarray(0, at), body)).toBe('da-wire')
    }
    expect(refusal(concatBytes([put.meta, Uint8Array.of(0)]), body)).toBe('da-wire')
    expect(refusal(put.meta, body.subarray(1))).toBe('da-wire')
    expect(refusal(put.meta, concatBytes([body, Uint8Array.of(0)]))).toBe('da-wire')
    const other = put.meta.slice()
    other[0] = 2
    expect(refusal(other, body)).toBe('da-wire')
    const reply = encodeRowsReply(rowsOf(given, 4))
    const swapped = encodeRowsReply([...rowsOf(given, 4)].reverse())
    const { parameters: own } = given.committed
    expect(() => decodeRowsReply(own, reply.meta, concatBytes(reply.bodyParts))).not.toThrow()
    expect(() => decodeRowsReply(own, swapped.meta, concatBytes(swapped.bodyParts))).toThrow()
    expect(() =>
      decodeGetPieces(
        encodeGetPieces({ commitment: given.setId, row: 1, fromStripe: 0, count: 65 }),
      ),
    ).toThrow(/65 pieces/)
  })

  it('of 10,000 mutations none gets past form without an answer', () => {
    const given = fc.sample(header, { numRuns: 1, seed: 11 })[0]
    if (given === undefined) throw new Error('no sample')
    const { meta, bodyParts } = encodePutRows({ header: given, rows: rowsOf(given, 2).slice(0, 2) })
    const body = concatBytes(bodyParts)
    let refused = 0
    for (let i = 0; i < 10_000; i++) {
      const bent = meta.slice()
      const at = (i * 2654435761) % meta.length
      bent[at] = (bent[at] ?? 0) ^ (1 + (i % 255))
      try {
        decodePutRows(bent, body)
      } catch (error) {
        if (!isHeddleError(error)) throw error
        refused++
      }
    }
    expect(refused).toBeGreaterThan(500)
  })
})
