import { equalBytes, toHex } from '@heddle/protocol/base'
import {
  type CommitmentEngine,
  type CommittedBlob,
  encodeParameters,
  type OpenCommitment,
  openCommitment,
} from '@heddle/protocol/certificate'

/** Commitments opened for checking rows, kept while their rows come in several requests. */
export class OpenedCommitments {
  readonly #max: number
  /** The latest last. */
  readonly #opened = new Map<string, OpenCommitment>()

  constructor(max: number) {
    this.#max = max
  }

  /** Checks the header against its commitment; throws `commitment-mismatch`. */
  open(engine: CommitmentEngine, committed: CommittedBlob): OpenCommitment {
    const name = toHex(committed.commitment)
    const known = this.#opened.get(name)
    // Nothing of a header counts but what hashes to its commitment: n says how many rows to hold.
    if (known !== undefined && isSame(known.committed, committed)) return known
    const open = openCommitment(engine, copied(committed))
    this.#opened.set(name, open)
    const oldest = this.#opened.keys().next()
    if (this.#opened.size > this.#max && !oldest.done) this.#opened.delete(oldest.value)
    return open
  }

  /** All rows are there. */
  forget(commitment: Uint8Array): void {
    this.#opened.delete(toHex(commitment))
  }
}

function isSame(a: CommittedBlob, b: CommittedBlob): boolean {
  return (
    equalBytes(encodeParameters(a.parameters), encodeParameters(b.parameters)) &&
    equalBytes(a.root, b.root) &&
    equalBytes(a.fingerprints, b.fingerprints)
  )
}

/** Copies the byte arrays of a plain object: views into a request must not outlive it. */
export function copied<T extends object>(fields: T): T {
  const entries = Object.entries(fields).map(([name, value]) => [
    name,
    // Not `slice`: of a Buffer that is no copy.
    value instanceof Uint8Array ? new Uint8Array(value) : value,
  ])
  return Object.fromEntries(entries) as T
}
