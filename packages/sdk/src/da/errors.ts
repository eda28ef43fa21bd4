import { HeddleError } from '@heddle/protocol/base'

/** A text that names no blob. */
export function referenceInvalid(text: string): HeddleError {
  const told =
    `"${text.slice(0, 80)}" names no blob: give its commitment (43 characters of base64url), ` +
    'for a packed one with its range: COMMITMENT:FROM-TO'
  return new HeddleError('da-reference-invalid', 'invalid', told)
}

/** The answer breaks off, or has too few rows to make the bytes of. */
export function blobCut(
  commitment: string,
  givenBytes: number,
  wantedBytes: number,
  cause?: unknown,
): HeddleError {
  const text = `blob ${commitment}: ${givenBytes} of ${wantedBytes} bytes came; ask again.`
  return new HeddleError('da-blob-cut', 'unavailable', text, { commitment }, { cause })
}

/** A node sent a row that is not the blob's; nothing of it was handed on. */
export function rowForged(
  commitment: string,
  url: string,
  row: number,
  fault: string,
): HeddleError {
  const text =
    `${url} sent row ${row} of blob ${commitment}, and it is not the one committed to (${fault}): ` +
    'ask another node.'
  return new HeddleError('da-row-forged', 'invalid', text, { commitment, url, row, fault })
}

/** The bytes asked for are not in the blob, or the certificate is another blob's. */
export function rangeInvalid(
  commitment: string,
  fromByte: number,
  toByte: number,
  lengthBytes: number,
): HeddleError {
  const text =
    `bytes ${fromByte} to ${toByte} of ${commitment}: the certificate is about another blob, or one of ` +
    `${lengthBytes} bytes. Give the reference that put gave.`
  return new HeddleError('da-reference-invalid', 'invalid', text, { commitment })
}

/** The blob was committed to with a hash this client has no engine for. */
export function hashMissing(hashId: number): HeddleError {
  const text = `the blob is committed to with hash ${hashId}: give the client an engine for it.`
  return new HeddleError('da-hash-missing', 'invalid', text, { hashId })
}

/** A node gave another certificate than the one of this commitment. */
export function certificateForged(commitment: string, url: string): HeddleError {
  const text = `what ${url} gave for ${commitment} is not its certificate: do not trust this node.`
  return new HeddleError('da-certificate-forged', 'invalid', text, { commitment, url })
}

/** The base layer has no storer set for the epoch. */
export function storersUnregistered(epoch: number, authority: string): HeddleError {
  const text =
    `epoch ${epoch} has no storer set: nobody had registered (heddle da register) and been given a stake ` +
    `by ${authority} (heddle da stake) before it began.`
  return new HeddleError('da-storers-unregistered', 'missing', text, { epoch, authority })
}

/** The retention is no time. */
export function retentionInvalid(): HeddleError {
  const text = "retention: give 'permanent' or a time, e.g. { days: 30 }"
  return new HeddleError('da-retention', 'invalid', text)
}
