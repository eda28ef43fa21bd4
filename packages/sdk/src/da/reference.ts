import { isId } from '@heddle/protocol/base'
import { referenceInvalid } from './errors.ts'

/** Where bytes lie: in a certified blob, all of it or, where it was packed with others, a range. */
export type BlobReference = {
  readonly commitment: string
  readonly fromByte?: number
  /** Excluded. */
  readonly toByte?: number
}

/** A reference as text: `COMMITMENT` or `COMMITMENT:FROM-TO`. */
export function formatReference(reference: BlobReference): string {
  const { commitment, fromByte, toByte } = reference
  return toByte === undefined ? commitment : `${commitment}:${fromByte ?? 0}-${toByte}`
}

/** A reference out of its text. Throws `da-reference-invalid`. */
export function parseReference(reference: string | BlobReference): BlobReference {
  if (typeof reference !== 'string') {
    if (isId(reference.commitment)) return reference
    throw referenceInvalid(reference.commitment)
  }
  const match = /^([^:]+)(?::(\d{1,12})-(\d{1,12}))?$/.exec(reference)
  const [, commitment = '', from, to] = match ?? []
  if (!isId(commitment)) throw referenceInvalid(reference)
  if (from === undefined || to === undefined) return { commitment }
  const range = { fromByte: Number(from), toByte: Number(to) }
  if (range.fromByte >= range.toByte) throw referenceInvalid(reference)
  return { commitment, ...range }
}
