import type { Assignment, BlsEngine, Member, Statement } from '@heddle/protocol/certificate'
import type { BlobHash } from '@heddle/protocol/merkle'
import type { Timer } from '../../runtime/index.ts'
import type { Lane } from '../lane/lane.ts'
import type { BlobHeader } from '../wire/header.ts'
import { requestKinds } from '../wire/kinds.ts'
import { decodePutRowsReply, encodePutRows } from '../wire/put-rows.ts'
import type { EncodedBlob } from './encoder-pool.ts'
import type { DisperserOptions } from './options.ts'

export type DispersalDeps = {
  readonly lane: Lane
  readonly bls: BlsEngine
  readonly hash: BlobHash
  readonly timer: Pick<Timer, 'after'>
  readonly options: Pick<
    DisperserOptions,
    'requestBytes' | 'storerTimeoutMs' | 'storerTimeoutMsPerMiB'
  >
}

/** What is sent, to whom, on which terms. */
export type Plan = {
  readonly blob: EncodedBlob
  readonly assignment: Assignment
  readonly terms: Omit<Statement, 'commitment'>
}

/** Sends a member its rows, in as many requests as they take; returns its signature. */
export async function sendRows(
  { lane, timer, options }: DispersalDeps,
  { blob, terms }: Plan,
  member: Member,
  stop: AbortSignal,
  calls: { open: number },
): Promise<Uint8Array> {
  const { stripes, pieceBytes } = blob.layout
  const rowBytes = stripes * pieceBytes
  const { requestBytes, storerTimeoutMs, storerTimeoutMsPerMiB } = options
  const memberMiB = Math.ceil((member.rows.length * rowBytes) / 2 ** 20)
  const late = new AbortController()
  const cancel = timer.after(storerTimeoutMs + memberMiB * storerTimeoutMsPerMiB, () =>
    late.abort(new Error('too late')),
  )
  const signal = AbortSignal.any([stop, late.signal])
  const header: BlobHeader = { ...terms, committed: blob.committed }
  const rowsPerRequest = Math.max(1, Math.floor(requestBytes / rowBytes))
  try {
    let signature: Uint8Array | undefined
    for (let at = 0; at < member.rows.length; at += rowsPerRequest) {
      const rows = member.rows.slice(at, at + rowsPerRequest).map((row) => ({
        row,
        path: blob.paths[row] ?? new Uint8Array(0),
        pieces: blob.piecesOf(row),
      }))
      const { meta, bodyParts } = encodePutRows({ header, rows })
      // A lane that does not heed the signal must not hold the blob up.
      const call = lane.call(member.key, requestKinds.putRows, meta, bodyParts, signal, 0)
      calls.open++
      const reply = await orAborted(
        call.finally(() => calls.open--),
        signal,
      )
      signature = decodePutRowsReply(reply.meta).signature
    }
    if (signature === undefined) throw new Error('not signed')
    return signature
  } finally {
    cancel()
  }
}

/** Settles with the promise, or rejects when the signal is raised before. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
