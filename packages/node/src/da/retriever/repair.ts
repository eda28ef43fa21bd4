import { equalBytes, isHeddleError } from '@heddle/protocol/base'
import { type Certificate, verifyRow } from '@heddle/protocol/certificate'
import type { LaneHandler } from '../lane/lane.ts'
import { decodeRowsReply, encodeGetRows } from '../wire/get-rows.ts'
import { decodeHeaderReply, encodeGetHeader } from '../wire/header.ts'
import { requestKinds } from '../wire/kinds.ts'
import { encodePutRows, type SentRow } from '../wire/put-rows.ts'
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
  /** Hears of blobs that cannot be rebuilt now; the others go on, unless the storer itself is gone. */
  readonly onFailure: (certificate: Certificate, error: unknown) => void
}

/** `fingerprints`: blobs whose fingerprints were damaged on the storer. */
export type Repaired = {
  readonly blobs: number
  readonly rows: number
  readonly fingerprints: number
}

const never = new AbortController().signal
const itself = { publicKey: 'itself', remote: 'itself' }

/**
 * Gives a storer back the rows it was drawn for and the fingerprints, where it has lost or damaged them:
 * it reads all it has. Rejects with what the lane says where the storer cannot be reached.
 */
export async function repairStorer(input: RepairInput): Promise<Repaired> {
  let [blobs, rows, fingerprints, done] = [0, 0, 0, 0]
  for await (const certificate of input.certificates) {
    input.signal?.throwIfAborted()
    try {
      const given = await repairBlob(input, certificate)
      rows += given.rows
      fingerprints += Number(given.isHeaderDamaged)
      if (given.rows > 0 || given.isHeaderDamaged) blobs++
    } catch (error) {
      if (input.signal?.aborted || isGone(error)) throw error
      input.onFailure(certificate, error)
    }
    input.onProgress?.(++done, rows)
  }
  return { blobs, rows, fingerprints }
}

async function repairBlob(
  { storer, handle, retriever, signal = never }: RepairInput,
  certificate: Certificate,
): Promise<{ readonly rows: number; readonly isHeaderDamaged: boolean }> {
  const blob = await retriever.open(certificate, { signal })
  const drawn = blob.assignment.members.find(({ key }) => equalBytes(key, storer))?.rows ?? []
  if (drawn.length === 0) return { rows: 0, isHeaderDamaged: false }
  const has = await headerState({ handle, signal }, blob)
  const lost: number[] = []
  for (const row of drawn) {
    if (has === 'nothing' || !(await isRight({ handle, signal }, blob, row))) lost.push(row)
  }
  const { setId, epoch, expiresAtSeconds } = certificate
  const header = { committed: blob.open.committed, setId, epoch, expiresAtSeconds }
  const give = async (rows: readonly SentRow[]) => {
    const { meta, bodyParts } = encodePutRows({ header, rows })
    const body = Buffer.concat(bodyParts)
    const sent = new Uint8Array(body.buffer, body.byteOffset, body.length)
    await handle(requestKinds.putRows, meta, sent, itself, signal)
  }
  if (lost.length > 0) {
    // One row at a time: all of a long blob's would not fit into one request.
    for (const row of await retriever.rebuild(certificate, lost, { signal, except: storer })) {
      await give([row])
    }
  }
  const isHeaderDamaged = has === 'damaged'
  if (isHeaderDamaged) await give([])
  return { rows: lost.length, isHeaderDamaged }
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
    if (isDamage(error)) return false
    throw error
  }
}

/** What the storer has of the fingerprints, which every reader checks its rows against. */
async function headerState(
  { handle, signal }: Required<Pick<RepairInput, 'handle' | 'signal'>>,
  { commitment, open }: OpenBlob,
): Promise<'whole' | 'damaged' | 'nothing'> {
  const meta = encodeGetHeader(commitment)
  try {
    const none = new Uint8Array(0)
    const reply = await handle(requestKinds.getHeader, meta, none, itself, signal)
    const { header } = decodeHeaderReply(reply.meta, Buffer.concat(reply.bodyParts))
    const { fingerprints } = header.committed
    return equalBytes(fingerprints, open.committed.fingerprints) ? 'whole' : 'damaged'
  } catch (error) {
    if (isHeddleError(error, 'storer-blob-unknown')) return 'nothing'
    if (isDamage(error)) return 'damaged'
    throw error
  }
}

const goneCodes = [
  ...['bulk-peer-unreachable', 'bulk-peer-untrusted', 'bulk-connection-lost'],
  ...['bulk-call-timed-out', 'bulk-closed', 'storer-unknown'],
]

/** The storer to be repaired does not answer: asking of the next blob would take as long again. */
function isGone(error: unknown): boolean {
  return goneCodes.some((code) => isHeddleError(error, code))
}

function isDamage(error: unknown): boolean {
  return ['storer-damaged', 'storer-failed', 'da-wire'].some((code) => isHeddleError(error, code))
}
