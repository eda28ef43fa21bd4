import { HeddleError } from '@heddle/protocol/base'
import type { StorerFault } from './health.ts'

/** Too few rows can be had; the storers that failed are named. */
export function rowsMissing(
  commitment: string,
  segment: number,
  had: number,
  needed: number,
  faults: readonly StorerFault[],
): HeddleError {
  const wrong = faults.filter(({ fault }) => fault === 'wrong').length
  const text =
    `blob ${commitment} cannot be read: ${had} rows of segment ${segment} were found, ${needed} are ` +
    `needed (${faults.length} storers failed, ${wrong} of them sent wrong rows). Try again later.`
  return new HeddleError('da-rows-missing', 'unavailable', text, { commitment, segment, faults })
}

/** No storer gave the header that belongs to the certificate. */
export function headerMissing(commitment: string, faults: readonly StorerFault[]): HeddleError {
  const text = `no storer of blob ${commitment} gave its header. Try again later.`
  return new HeddleError('da-header-missing', 'unavailable', text, { commitment, faults })
}

/** The certificate is of an epoch whose storers are not known here. */
export function setUnknown(epoch: number): HeddleError {
  const text = `the storer set of epoch ${epoch} is not known here. Give its file.`
  return new HeddleError('da-set-unknown', 'missing', text, { epoch })
}

/** The blob was committed to with a hash this machine cannot compute. */
export function hashUnknown(hashId: number): HeddleError {
  const text = `this machine has no hash ${hashId}. Install the BLAKE3 addon, or read elsewhere.`
  return new HeddleError('da-hash-unknown', 'unavailable', text, { hashId })
}

/** Other reads hold all the memory there is for rows. */
export function readsBusy(waitedMs: number): HeddleError {
  const text = `other reads of blobs hold all memory for them, for ${waitedMs} ms by now. Ask again.`
  return new HeddleError('da-reads-busy', 'unavailable', text, { waitedMs })
}

/** A range that is not within the blob. */
export function rangeInvalid(fromByte: number, toByte: number, lengthBytes: number): HeddleError {
  const text = `bytes ${fromByte} to ${toByte} are not within a blob of ${lengthBytes} bytes: ask for some that are.`
  return new HeddleError('da-range', 'invalid', text, { fromByte, toByte, lengthBytes })
}
