import { HeddleError } from '@heddle/protocol/base'
import { type Sample, verifyRow, verifySample } from '@heddle/protocol/certificate'
import type { Lane } from '../lane/lane.ts'
import type { OpenBlob } from '../retriever/open-blob.ts'
import { decodePiecesReply, encodeGetPieces } from '../wire/get-pieces.ts'
import { decodeRowsReply, encodeGetRows } from '../wire/get-rows.ts'
import { requestKinds } from '../wire/kinds.ts'
import type { SentRow } from '../wire/put-rows.ts'
import { sampleInvalid, sampleMissing } from './errors.ts'

/**
 * One piece with its paths, from the one storer that must hold it: nobody else is asked, since whether
 * that storer answers is what a sample is to show. Rejects with `da-sample-invalid`, `da-sample-missing`.
 */
export async function fetchPiece(
  lane: Lane,
  blob: OpenBlob,
  row: number,
  stripe: number,
  signal: AbortSignal,
): Promise<Sample> {
  const holder = blob.holders[row]
  const { stripes } = blob.open.layout
  if (holder === undefined || !(stripe >= 0 && stripe < stripes)) throw sampleInvalid(row, stripe)
  const { commitment, open, engine } = blob
  const meta = encodeGetPieces({ commitment, row, fromStripe: stripe, count: 1 })
  return orMissing(row, signal, async () => {
    const bytes = open.layout.pieceBytes
    const reply = await lane.call(holder.key, requestKinds.getPieces, meta, [], signal, bytes)
    const decoded = decodePiecesReply(blob.certificate.parameters, reply.meta, reply.body)
    const [piece] = decoded.pieces
    if (piece === undefined) throw sampleMissing(row, 'the storer sent nothing')
    const { rowPath } = decoded
    const sample = { row, stripe, piece: piece.piece, piecePath: piece.path, rowPath }
    const fault = verifySample(engine, open, sample)
    if (fault !== undefined) throw sampleMissing(row, `the storer sent a wrong piece (${fault})`)
    return sample
  })
}

/** One whole row, as `fetchPiece`; its fingerprint is checked as well. */
export async function fetchRow(
  lane: Lane,
  blob: OpenBlob,
  row: number,
  signal: AbortSignal,
): Promise<SentRow> {
  const holder = blob.holders[row]
  if (holder === undefined) throw sampleInvalid(row, undefined)
  const { commitment, open, engine, certificate } = blob
  const meta = encodeGetRows({ commitment, rows: [row] })
  return orMissing(row, signal, async () => {
    const bytes = open.layout.stripes * open.layout.pieceBytes
    const reply = await lane.call(holder.key, requestKinds.getRows, meta, [], signal, bytes)
    const [sent] = decodeRowsReply(certificate.parameters, reply.meta, reply.body)
    if (sent === undefined || sent.row !== row) throw sampleMissing(row, 'the storer has it not')
    const fault = verifyRow(engine, open, row, sent.pieces, sent.path)
    if (fault !== undefined) throw sampleMissing(row, `the storer sent a wrong row (${fault})`)
    return sent
  })
}

async function orMissing<T>(row: number, signal: AbortSignal, fetch: () => Promise<T>): Promise<T> {
  try {
    return await fetch()
  } catch (error) {
    if (signal.aborted) throw error
    if (!(error instanceof HeddleError)) throw error
    if (error.code === 'da-sample-missing') throw error
    throw sampleMissing(row, error.message)
  }
}
