import { HeddleError } from '../base/index.ts'

/** A field of a transaction is absent, of the wrong form, or beyond its limit. */
export function transactionInvalid(field: string, what: string): HeddleError {
  const message = `the transaction's ${field} ${what}. Make the transaction again.`
  return new HeddleError('transaction-invalid', 'invalid', message, { field })
}

/** Bytes were pushed after the end was told. */
export function dataEnded(): HeddleError {
  const message = 'the data was ended before: begin another builder.'
  return new HeddleError('data-ended', 'invalid', message)
}

/** The names the network's nodes answer with when they refuse a chunk; clients know them. */
export type ChunkFault =
  | 'invalid_json'
  | 'chunk_too_big'
  | 'data_path_too_big'
  | 'offset_too_big'
  | 'data_size_too_big'
  | 'chunk_proof_ratio_not_attractive'
  | 'invalid_proof'

const chunkFaults: Readonly<Record<ChunkFault, string>> = {
  invalid_json: 'the body is not a chunk: data_root, data_size, data_path, offset, chunk as text',
  chunk_too_big: 'a chunk has at most 262,144 bytes',
  data_path_too_big: 'a data_path has at most 262,144 bytes',
  offset_too_big: 'the offset lies outside of the data',
  data_size_too_big: 'the data size is larger than this node counts',
  chunk_proof_ratio_not_attractive: 'the data_path is longer than the chunk it proves',
  invalid_proof: 'the chunk and its data_path do not lead to the data_root',
}

/** A chunk that is refused for good; `details.fault` is the network's name for the reason. */
export function chunkRefused(fault: ChunkFault): HeddleError {
  const message = `${chunkFaults[fault]}. Cut the data again and post what that gives.`
  return new HeddleError('chunk-refused', 'invalid', message, { fault })
}

/** A text that is not the retention, challenge or proof it should be. */
export function proofInvalid(what: string): HeddleError {
  return new HeddleError('proof-invalid', 'invalid', `the storage proof ${what}.`)
}
