import { encodeBase64Url, HeddleError } from '@heddle/protocol/base'

/** A row or the header did not pass the checks of spec/04-commitment.md §4. */
export function rowRefused(row: number, fault: string): HeddleError {
  return new HeddleError(
    'storer-row-refused',
    'invalid',
    `row ${row} is not a row of this commitment (${fault}). Encode the blob again.`,
    { row, fault },
  )
}

/** The terms ask for something this storer does not do. */
export function termsRefused(fault: string, details: Record<string, unknown> = {}): HeddleError {
  return new HeddleError(
    'storer-terms',
    'invalid',
    `${fault} Ask for the status of the storer set and send again.`,
    details,
  )
}

/** The rows are to be kept for longer than this storer promises, or their time is over. */
export function retentionRefused(fault: string): HeddleError {
  const text = `${fault} Send again with another retention.`
  return new HeddleError('storer-retention', 'invalid', text)
}

/** The storer has given its word on this commitment, and it was another. */
export function twoStatements(): HeddleError {
  return new HeddleError(
    'storer-equivocation',
    'conflict',
    'this storer has rows of this commitment on other terms and signs one statement only. ' +
      'Use the terms of the first request (getHeader).',
  )
}

/** No room for more rows. */
export function storerFull(neededBytes: number, freeBytes: number): HeddleError {
  return new HeddleError(
    'storer-full',
    'exhausted',
    `the storer has ${freeBytes} bytes left, ${neededBytes} are needed. Use another storer.`,
    { neededBytes, freeBytes },
  )
}

/** No memory to remember more blobs in. */
export function storerFullOfBlobs(blobsMax: number): HeddleError {
  const text = `the storer has ${blobsMax} blobs and takes no more. Pack small ones, or use another.`
  return new HeddleError('storer-full', 'exhausted', text, { blobsMax })
}

/** A peer, or all of them, have more bytes under way than allowed. */
export function storerBusy(): HeddleError {
  return new HeddleError(
    'storer-busy',
    'unavailable',
    'too many bytes of this peer are being checked. Send again when earlier requests are answered.',
  )
}

/** The storer holds nothing of this commitment. */
export function blobUnknown(): HeddleError {
  return new HeddleError(
    'storer-blob-unknown',
    'missing',
    'this storer holds no rows of this commitment. Ask the members of its committee.',
  )
}

/** What the disk gave back of the fingerprints is not what was written. */
export function fingerprintsDamaged(commitment: Uint8Array): HeddleError {
  const name = encodeBase64Url(commitment)
  return new HeddleError(
    'storer-damaged',
    'unavailable',
    `the fingerprints of blob ${name} are damaged on the disk of this storer. ` +
      'Ask other members of its committee; heddle da repair STORER puts them right.',
    { commitment: name },
  )
}

/** The kind of request does not exist. */
export function kindUnknown(kind: number): HeddleError {
  return new HeddleError(
    'storer-kind-unknown',
    'invalid',
    `there is no request of kind ${kind}. Use a peer of the same version.`,
    { kind },
  )
}

/** After a failed write or a damaged file the storer takes nothing more until it is opened again. */
export function storerFailed(cause: unknown): HeddleError {
  return new HeddleError(
    'storer-failed',
    'unavailable',
    'the disk of this storer failed. Check it, then start the storer again.',
    {},
    { cause },
  )
}
