import { HeddleError } from '@heddle/protocol/base'

/** No certificate is known here for the commitment. */
export function daBlobUnknown(commitment: string): HeddleError {
  const text =
    `unknown blob ${commitment}: this node has no certificate of it. ` +
    'Give it one: POST /da/certificates.'
  return new HeddleError('da-blob-unknown', 'missing', text, { commitment })
}

/** The time its storers promised to keep it for is over. */
export function daBlobExpired(commitment: string, expiresAtSeconds: number): HeddleError {
  const until = new Date(expiresAtSeconds * 1000).toISOString()
  const text = `blob ${commitment} was kept until ${until} and is let go: publish it again.`
  return new HeddleError('da-blob-expired', 'missing', text, { commitment, expiresAtSeconds })
}

/** A body without a byte. */
export function daBlobEmpty(): HeddleError {
  return new HeddleError('da-blob-empty', 'invalid', 'a blob has at least one byte: send some.')
}

/** A body longer than this node takes. */
export function daBlobTooLarge(blobBytesMax: number): HeddleError {
  const text = `a blob has at most ${blobBytesMax} bytes here: send it in parts (heddle da put does).`
  return new HeddleError('da-blob-too-large', 'invalid', text, { blobBytesMax })
}

/** The retention cannot be read. */
export function retentionInvalid(given: string): HeddleError {
  const text = `retention "${given.slice(0, 40)}": give seconds as a whole number, or permanent.`
  return new HeddleError('da-retention', 'invalid', text)
}

/** The node reads and does not publish. */
export function notPublishing(): HeddleError {
  const text = 'this node publishes no blobs: ask one that has the role disperser.'
  return new HeddleError('da-not-publishing', 'unavailable', text)
}

/** The storer is not of the set this node publishes to. */
export function repairUnknown(storer: string): HeddleError {
  const text = `storer ${storer.slice(0, 80)} is not of this node's set: see GET /da/storers.`
  return new HeddleError('da-storer-unknown', 'missing', text)
}

/** A repair is under way; it takes all that this node would spend on one. */
export function repairBusy(): HeddleError {
  const text = 'this node is repairing a storer already: ask again when that is done.'
  return new HeddleError('da-repair-busy', 'unavailable', text)
}

/** A commitment that is not 43 characters of base64url. */
export function commitmentInvalid(text: string): HeddleError {
  const told = `"${text.slice(0, 64)}" is not a commitment: give 43 characters of base64url.`
  return new HeddleError('da-commitment-invalid', 'invalid', told)
}
