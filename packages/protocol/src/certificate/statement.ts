import { concatBytes, encodeText, equalBytes } from '../base/index.ts'
import { digestBytes } from '../merkle/index.ts'
import { permanent } from '../params/index.ts'
import type { BlsEngine } from './bls.ts'
import { certificateInvalid } from './errors.ts'
import { u64Bytes } from './numbers.ts'
import { signingDomain, storerTags } from './tags.ts'

/**
 * What a storer signs: "I hold every row of this commitment that the draw from this set gives me,
 * checked, on my disk, and keep it until then." The row set follows from commitment, set and key
 * (`drawAssignment`), so all members of a committee sign the same bytes.
 */
export type Statement = {
  readonly commitment: Uint8Array
  readonly setId: Uint8Array
  readonly epoch: number
  /** Seconds since 1970; `permanent` for ever. */
  readonly expiresAtSeconds: number
}

/** domain ‖ 9 ‖ commitment ‖ set ‖ epoch ‖ expiry. */
export function statementMessage(statement: Statement): Uint8Array {
  const { commitment, setId, epoch, expiresAtSeconds } = statement
  if (commitment.length !== digestBytes || setId.length !== digestBytes) {
    throw certificateInvalid('a statement names a commitment and a set of 32 bytes each.')
  }
  const start = [encodeText(signingDomain), Uint8Array.of(storerTags.statement)]
  return concatBytes([...start, commitment, setId, u64Bytes(epoch), u64Bytes(expiresAtSeconds)])
}

/** Whether what is kept until `expiresAtSeconds` may be gone at this time. */
export function isExpired(expiresAtSeconds: number, nowSeconds: number): boolean {
  return expiresAtSeconds !== permanent && expiresAtSeconds <= nowSeconds
}

/**
 * Two statements of one storer for two storer sets in one epoch. An epoch has one set, so it has
 * signed for a ledger that is not the network's. Statements that differ in expiry alone are no
 * fault: both may be true.
 */
export type Equivocation = {
  readonly key: Uint8Array
  readonly first: SignedStatement
  readonly second: SignedStatement
}

export type SignedStatement = { readonly statement: Statement; readonly signature: Uint8Array }

/** Whether this proves a fault of the storer, to anybody. */
export function verifyEquivocation(engine: BlsEngine, proof: Equivocation): boolean {
  const { key, first, second } = proof
  const [a, b] = [first.statement, second.statement]
  const signed = ({ statement, signature }: SignedStatement) =>
    engine.verifyAggregate([key], statementMessage(statement), signature)
  return a.epoch === b.epoch && !equalBytes(a.setId, b.setId) && signed(first) && signed(second)
}
