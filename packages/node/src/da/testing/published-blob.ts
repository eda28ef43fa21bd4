import {
  type Assignment,
  type BlsSigner,
  type CommitmentEngine,
  drawAssignment,
  layoutOf,
  makeStorerSet,
  provePossession,
  type StorerSet,
} from '@heddle/protocol/certificate'
import { hashIds } from '@heddle/protocol/merkle'
import { committeeBounds, committeeFor } from '@heddle/protocol/params'
import { nativeHash } from '../blake3.ts'
import { blsSigner, nativeBls } from '../bls.ts'
import { nativeCommitment } from '../commitment-engine.ts'
import { encodeBlob } from '../disperser/encode.ts'
import { openErasureEngine } from '../erasure-engine.ts'
import type { BlobHeader } from '../wire/header.ts'
import type { SentRow } from '../wire/put-rows.ts'

/** Keys of N storers and the set of equal stakes they make. */
export type TestStorers = { readonly signers: readonly BlsSigner[]; readonly set: StorerSet }

export function makeStorers(count: number, epoch = 0, beacon = 1): TestStorers {
  const signers = Array.from({ length: count }, (_, i) => blsSigner(new Uint8Array(32).fill(i + 1)))
  const registrations = signers.map((signer) => ({
    key: signer.key,
    stake: 1n,
    proof: provePossession(signer),
  }))
  const set = makeStorerSet(nativeBls, epoch, new Uint8Array(32).fill(beacon), registrations)
  return { signers, set }
}

/** An engine for each hash, as a node has them. */
export function openTestEngine(kernel: WebAssembly.Module) {
  const erasure = openErasureEngine(kernel, { arenaBytes: 2 ** 20 })
  return (hashId: number): CommitmentEngine | undefined => {
    const hash = nativeHash(hashId)
    return hash && nativeCommitment(erasure, hash)
  }
}

/** A blob as its storers get it. */
export type TestBlob = {
  readonly header: BlobHeader
  readonly assignment: Assignment
  row(index: number): SentRow
  /** The rows of the storer with this key. */
  rowsOf(key: Uint8Array): SentRow[]
}

/** Encodes for real; `spoil` changes the rows after encoding and before they are hashed. */
export function publishTestBlob(
  engineOf: ReturnType<typeof openTestEngine>,
  set: StorerSet,
  blob: Uint8Array,
  terms: { readonly expiresAtSeconds: number; readonly hashId?: number; readonly k?: number },
  spoil: (rows: Uint8Array, pieceBytes: number) => void = () => {},
): TestBlob {
  const { expiresAtSeconds, hashId = hashIds.blake3, k = 16 } = terms
  const committee = committeeFor(k, set.storers.length)
  const real = engineOf(hashId)
  if (committee === undefined || real === undefined) throw new Error('no committee or hash')
  const { n } = committeeBounds(committee)
  const parameters = { k, n, lengthBytes: blob.length, hashId }
  const layout = layoutOf(parameters)
  const { stripes, pieceBytes } = layout
  const rows = new Uint8Array(stripes * n * pieceBytes)
  const dataBytes = k * pieceBytes
  for (let stripe = 0; stripe < stripes; stripe++) {
    rows.set(blob.subarray(stripe * dataBytes, (stripe + 1) * dataBytes), stripe * n * pieceBytes)
  }
  const erasure: CommitmentEngine['erasure'] = {
    decode: real.erasure.decode.bind(real.erasure),
    encode(shape, data, parity) {
      real.erasure.encode(shape, data, parity)
      if (shape.pieceBytes === pieceBytes) spoil(rows, pieceBytes)
    },
  }
  const { paths, ...sealed } = encodeBlob({ ...real, erasure }, parameters, rows)
  const committed = { ...sealed, parameters }
  const assignment = drawAssignment(set, committed.commitment, parameters)
  const header = { committed, setId: assignment.setId, epoch: set.epoch, expiresAtSeconds }
  const row = (index: number) => ({
    row: index,
    path: paths[index] ?? new Uint8Array(0),
    pieces: Array.from({ length: stripes }, (_, stripe) => {
      const at = (stripe * n + index) * pieceBytes
      return rows.slice(at, at + pieceBytes)
    }),
  })
  const rowsOf = (key: Uint8Array) =>
    assignment.members
      .filter((member) => member.key === key || same(member.key, key))
      .flatMap((member) => member.rows.map(row))
  return { header, assignment, row, rowsOf }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
