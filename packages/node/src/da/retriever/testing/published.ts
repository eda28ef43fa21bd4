import { HeddleError, toHex } from '@heddle/protocol/base'
import {
  assembleCertificate,
  type BlsSigner,
  blobLevels,
  type Certificate,
  commitBlob,
  drawAssignment,
  fingerprintsDigest,
  hashPieces,
  makeStorerSet,
  newLeafTable,
  piecePath,
  provePossession,
  rowPath,
  type StorerSet,
  statementMessage,
} from '@heddle/protocol/certificate'
import { createRuntime } from '../../../runtime/index.ts'
import { blsSigner, nativeBls } from '../../bls.ts'
import { nativeCommitment, nativeSha256 } from '../../commitment-engine.ts'
import { openErasureEngine } from '../../erasure-engine.ts'
import { loadErasureKernel } from '../../kernel.ts'
import { joinLane } from '../../lane/bulk-lane.ts'
import type { LaneHandler } from '../../lane/lane.ts'
import { decodeGetPieces, encodePiecesReply } from '../../wire/get-pieces.ts'
import { decodeGetHeader, encodeHeaderReply } from '../../wire/header.ts'
import { requestKinds } from '../../wire/kinds.ts'

const runtime = createRuntime()
const kernel = await loadErasureKernel(runtime.disk)
export const engine = nativeCommitment(openErasureEngine(kernel, { arenaBytes: 0 }), nativeSha256)

/** What a storer under test does with a request before it answers. */
export type Behaviour = 'honest' | 'gone' | 'mute' | 'lying'

export type Published = {
  readonly set: StorerSet
  readonly certificate: Certificate
  readonly blob: Uint8Array
  /** Storers' keys by their place in the committee. */
  readonly members: readonly { readonly key: Uint8Array; readonly rows: readonly number[] }[]
  readonly behave: (place: number, how: Behaviour) => void
  readonly lane: ReturnType<typeof joinLane>
  /** Requests for pieces that were answered, by row. */
  readonly asked: number[]
}

const storers = 24
const signers: readonly BlsSigner[] = Array.from({ length: storers }, (_, at) =>
  blsSigner(new Uint8Array(32).fill(at + 1)),
)

/** The storer set of all tests: its keys take a second to prove. */
export const set = makeStorerSet(
  nativeBls,
  7,
  new Uint8Array(32).fill(9),
  signers.map((signer) => ({ key: signer.key, stake: 1n, proof: provePossession(signer) })),
)

/** A blob encoded, committed and certified by storers that hold their rows in memory. */
export function publish(blob: Uint8Array, k: 16 | 64): Published {
  const n = k === 16 ? 48 : 192
  const parameters = { k, n, lengthBytes: blob.length, hashId: engine.hash.id }
  const table = newLeafTable(parameters)
  const { layout } = table
  const { pieceBytes, stripes } = layout
  const rows = Array.from({ length: n }, () => [] as Uint8Array[])
  for (let stripe = 0; stripe < stripes; stripe++) {
    const data = new Uint8Array(k * pieceBytes)
    data.set(blob.subarray(stripe * data.length, (stripe + 1) * data.length))
    const parity = new Uint8Array((n - k) * pieceBytes)
    engine.erasure.encode(layout, data, parity)
    hashPieces(engine, table, stripe, 0, data)
    hashPieces(engine, table, stripe, k, parity)
    rows.forEach((pieces, row) => {
      const [from, at] = row < k ? [data, row] : [parity, row - k]
      pieces.push(from.subarray(at * pieceBytes, (at + 1) * pieceBytes))
    })
  }
  const levels = blobLevels(engine, table)
  const pieceOf = (row: number, stripe: number) => rows[row]?.[stripe] ?? new Uint8Array(0)
  const committed = commitBlob(engine, parameters, levels, pieceOf)
  const assignment = drawAssignment(set, committed.commitment, parameters)
  const terms = { setId: assignment.setId, epoch: set.epoch, expiresAtSeconds: 0 }
  const message = statementMessage({ ...terms, commitment: committed.commitment })
  const byKey = new Map(signers.map((signer) => [toHex(signer.key), signer]))
  const certificate = assembleCertificate(
    nativeBls,
    assignment,
    { ...committed, zRoot: fingerprintsDigest(engine.hash, committed.fingerprints) },
    terms,
    new Map(
      assignment.members.map(({ key }, place) => {
        const signature = byKey.get(toHex(key))?.sign(message) ?? new Uint8Array(0)
        return [place, signature]
      }),
    ),
  )
  if (certificate === undefined) throw new Error('all sign')
  const behaviours = new Map<number, Behaviour>()
  const asked: number[] = []
  const handlerOf = (place: number): LaneHandler => {
    return async (kind, meta, _body, _peer, signal) => {
      const how = behaviours.get(place) ?? 'honest'
      if (how === 'gone') throw new HeddleError('bulk-peer-unreachable', 'unavailable', 'gone')
      if (how === 'mute') {
        await new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason)),
        )
      }
      const wrong = (bytes: Uint8Array) =>
        how === 'lying' ? bytes.map((byte, at) => (at === 5 ? byte ^ 1 : byte)) : bytes
      if (kind === requestKinds.getHeader) {
        decodeGetHeader(meta)
        const fingerprints = wrong(committed.fingerprints)
        const header = { ...terms, committed: { ...committed, fingerprints } }
        return encodeHeaderReply({ header, rows: assignment.members[place]?.rows ?? [] })
      }
      const { row, fromStripe, count } = decodeGetPieces(meta)
      asked.push(row)
      const pieces = Array.from({ length: count }, (_, at) => ({
        piece: wrong(pieceOf(row, fromStripe + at)),
        path: piecePath(engine, table, row, fromStripe + at),
      }))
      return encodePiecesReply({ rowPath: rowPath(engine, levels, row), pieces })
    }
  }
  const { members } = assignment
  const lane = joinLane(new Map(members.map(({ key }, place) => [toHex(key), handlerOf(place)])))
  const behave = (place: number, how: Behaviour) => void behaviours.set(place, how)
  return { set, certificate, blob, members, behave, lane, asked }
}
