import { concatBytes } from '@heddle/protocol/base'
import {
  type BlobParameters,
  type CommittedBlob,
  decodeParameters,
  encodeParameters,
  fingerprintBytes,
  layoutOf,
} from '@heddle/protocol/certificate'
import { digestBytes } from '@heddle/protocol/merkle'
import { type Cursor, u16, u64 } from './cursor.ts'
import { wireVersion } from './kinds.ts'
import { checkBody, openMeta, readCommitment, readRowList } from './message.ts'

const parametersBytes = 14

/**
 * What a blob is and for which storer set, epoch and time its rows are kept. Travels in the meta
 * part without the fingerprints, which are at the start of the body.
 */
export type BlobHeader = {
  readonly committed: CommittedBlob
  /** Digest of the storer set that rows are drawn from, and its epoch. */
  readonly setId: Uint8Array
  readonly epoch: number
  /** Seconds since 1970; 0 for ever. */
  readonly expiresAtSeconds: number
}

/** The fields of a header that are in the meta part. */
export type HeaderFields = Omit<BlobHeader, 'committed'> &
  Pick<CommittedBlob, 'parameters' | 'root' | 'commitment'>

export function headerFields(header: BlobHeader): Uint8Array {
  const { committed, setId, epoch, expiresAtSeconds } = header
  const { commitment, parameters, root } = committed
  const times = [u64(epoch), u64(expiresAtSeconds)]
  return concatBytes([commitment, encodeParameters(parameters), root, setId, ...times])
}

export function readHeaderFields(cursor: Cursor): HeaderFields {
  const commitment = readCommitment(cursor)
  const parameters = decodeParameters(cursor.bytes(parametersBytes))
  const root = cursor.bytes(digestBytes)
  const setId = cursor.bytes(digestBytes)
  return {
    commitment,
    parameters,
    root,
    setId,
    epoch: cursor.u64(),
    expiresAtSeconds: cursor.u64(),
  }
}

/** Joins the fields with the fingerprints from the body. */
export function joinHeader(fields: HeaderFields, fingerprints: Uint8Array): BlobHeader {
  const { parameters, root, commitment, ...rest } = fields
  return { ...rest, committed: { parameters, root, commitment, fingerprints } }
}

/** Bytes of z, the fingerprints of the data rows. */
export function zBytes(parameters: BlobParameters): number {
  return parameters.k * fingerprintBytes(layoutOf(parameters))
}

/** `getHeader`: what is known of a commitment. */
export function encodeGetHeader(commitment: Uint8Array): Uint8Array {
  return concatBytes([Uint8Array.of(wireVersion), commitment])
}

export function decodeGetHeader(meta: Uint8Array): Uint8Array {
  const cursor = openMeta(meta)
  const commitment = readCommitment(cursor)
  cursor.end()
  return commitment
}

/** The header and the rows that the storer holds. The fingerprints are the body. */
export type HeaderReply = { readonly header: BlobHeader; readonly rows: readonly number[] }

export function encodeHeaderReply({ header, rows }: HeaderReply): {
  readonly meta: Uint8Array
  readonly bodyParts: readonly Uint8Array[]
} {
  const list = [u16(rows.length), ...rows.map(u16)]
  const meta = concatBytes([Uint8Array.of(wireVersion), headerFields(header), ...list])
  return { meta, bodyParts: [header.committed.fingerprints] }
}

/** Form only: whether it is the header of the commitment, `openCommitment` tells. */
export function decodeHeaderReply(meta: Uint8Array, body: Uint8Array): HeaderReply {
  const cursor = openMeta(meta)
  const fields = readHeaderFields(cursor)
  const rows = readRowList(cursor, fields.parameters.n)
  cursor.end()
  checkBody(body.length, zBytes(fields.parameters))
  return { header: joinHeader(fields, body), rows }
}
