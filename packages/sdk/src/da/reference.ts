import { isId } from '@heddle/protocol/base'
import { referenceInvalid } from './errors.ts'

/** Where bytes lie: in a certified blob, all of it or, where it was packed with others, a range. */
export type BlobReference = {
  readonly commitment: string
  readonly fromByte?: number
  /** Excluded. */
  readonly toByte?: number
}

/** `COMMITMENT` or `COMMITMENT:FROM-TO`. */
export function formatReference({ commitment, fromByte, toByte }: BlobReference): string {
  return toByte === undefined ? commitment : `${commitment}:${fromByte ?? 0}-${toByte}`
}

/** Throws `da-reference-invalid`. */
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
