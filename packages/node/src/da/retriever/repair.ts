import { equalBytes, isHeddleError } from '@heddle/protocol/base'
import { type Certificate, verifyRow } from '@heddle/protocol/certificate'
import type { LaneHandler } from '../lane/lane.ts'
import { decodeRowsReply, encodeGetRows } from '../wire/get-rows.ts'
import { decodeHeaderReply, encodeGetHeader } from '../wire/header.ts'
import { requestKinds } from '../wire/kinds.ts'
import { encodePutRows } from '../wire/put-rows.ts'
import type { OpenBlob } from './open-blob.ts'
import type { Retriever } from './retriever.ts'

export type RepairInput = {
  /** The storer's BLS key. */
  readonly storer: Uint8Array
  /** The storer itself: it checks what is rebuilt as if a disperser had sent it. */
  readonly handle: LaneHandler
  readonly retriever: Pick<Retriever, 'open' | 'rebuild'>
  /** What it should hold rows of. */
  readonly certificates: AsyncIterable<Certificate> | Iterable<Certificate>
  readonly signal?: AbortSignal
  /** Hears after each blob how many are done. */
  readonly onProgress?: (done: number, rows: number) => void
  /** Hears of blobs that cannot be rebuilt now; the others go on. */
  readonly onFailure: (certificate: Certificate, error: unknown) => void
}

export type Repaired = { readonly blobs: number; readonly rows: number }

const never = new AbortController().signal
const itself = { publicKey: 'itself', remote: 'itself' }

/** Gives a storer back the rows it was drawn for and has lost, or has damaged: it reads all it has. */
export async function repairStorer(input: RepairInput): Promise<Repaired> {
  let [blobs, rows, done] = [0, 0, 0]
  for await (const certificate of input.certificates) {
    input.signal?.throwIfAborted()
    try {
      const count = await repairBlob(input, certificate)
      rows += count
      if (count > 0) blobs++
    } catch (error) {
      if (input.signal?.aborted) throw error
      input.onFailure(certificate, error)
    }
    input.onProgress?.(++done, rows)
  }
  return { blobs, rows }
}

async function repairBlob(
  { storer, handle, retriever, signal = never }: RepairInput,
  certificate: Certificate,
): Promise<number> {
  const blob = await retriever.open(certificate, { signal })
  const drawn = blob.assignment.members.find(({ key }) => equalBytes(key, storer))?.rows ?? []
  const held = await heldRows(handle, blob.commitment, signal)
  const lost: number[] = []
  for (const row of drawn) {
    if (!held.has(row) || !(await isRight({ handle, signal }, blob, row))) lost.push(row)
  }
  if (lost.length === 0) return 0
  const rows = await retriever.rebuild(certificate, lost, { signal, except: storer })
  const { setId, epoch, expiresAtSeconds } = certificate
  const header = { committed: blob.open.committed, setId, epoch, expiresAtSeconds }
  // One row at a time: all of a long blob's would not fit into one request.
  for (const row of rows) {
    const { meta, bodyParts } = encodePutRows({ header, rows: [row] })
    const body = Buffer.concat(bodyParts)
    await handle(
      requestKinds.putRows,
      meta,
      new Uint8Array(body.buffer, body.byteOffset, body.length),
      itself,
      signal,
    )
  }
  return lost.length
}

/** Whether what the storer has of a row is the row: a disk may give back other bits than it was given. */
async function isRight(
  { handle, signal }: Required<Pick<RepairInput, 'handle' | 'signal'>>,
  { commitment, certificate, engine, open }: OpenBlob,
  row: number,
): Promise<boolean> {
  const meta = encodeGetRows({ commitment, rows: [row] })
  try {
    const reply = await handle(requestKinds.getRows, meta, new Uint8Array(0), itself, signal)
    const body = Buffer.concat(reply.bodyParts)
    const [sent] = decodeRowsReply(certificate.parameters, reply.meta, body)
    if (sent?.row !== row) return false
    return verifyRow(engine, open, row, sent.pieces, sent.path) === undefined
  } catch (error) {
    if (isHeddleError(error, 'storer-failed') || isHeddleError(error, 'da-wire')) return false
    throw error
  }
}

async function heldRows(
  handle: LaneHandler,
  commitment: Uint8Array,
  signal: AbortSignal,
): Promise<ReadonlySet<number>> {
  const meta = encodeGetHeader(commitment)
  const reply = await handle(requestKinds.getHeader, meta, new Uint8Array(0), itself, signal).catch(
    (error) => {
      if (isHeddleError(error) && error.kind === 'missing') return undefined
      throw error
    },
  )
  if (reply === undefined) return new Set()
  const body = Buffer.concat(reply.bodyParts)
  return new Set(decodeHeaderReply(reply.meta, body).rows)
}
