import type { CarriedError } from '../carried-error.ts'
import type { CheckedTransaction } from './check-transaction.ts'

/** What is to be checked: a signed item, or a layer-1 transaction as its JSON. */
export type JobKind = 'item' | 'transaction'
export type Job = { readonly kind: JobKind; readonly bytes: Uint8Array }

/** One byte for an item: 1 the signature holds, 0 it does not. */
export type Verdict = 0 | 1 | CheckedTransaction | { readonly error: CarriedError }

/**
 * Jobs of one message to a worker: their bytes one after another, and where each ends. `bytes` is
 * made for the message and transferred, so a batch costs one copy and no cloning.
 */
export type Batch = {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly ends: readonly number[]
  readonly kinds: readonly JobKind[]
}

export function packBatch(jobs: readonly Job[]): Batch {
  const bytes = new Uint8Array(jobs.reduce((sum, job) => sum + job.bytes.length, 0))
  const ends: number[] = []
  let at = 0
  for (const job of jobs) {
    bytes.set(job.bytes, at)
    at += job.bytes.length
    ends.push(at)
  }
  return { bytes, ends, kinds: jobs.map(({ kind }) => kind) }
}

/** The jobs of a batch as views into it. */
export function unpackBatch({ bytes, ends, kinds }: Batch): Job[] {
  let start = 0
  return ends.map((end, i) => {
    const part = bytes.subarray(start, end)
    start = end
    return { kind: kinds[i] ?? 'item', bytes: part }
  })
}
