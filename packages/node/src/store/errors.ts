import { errorMessage, HeddleError } from '@heddle/protocol/base'
import type { StoredData } from './face.ts'

/** The disk took no more (`store-full`) or failed otherwise (`store-disk-failed`). */
export function storeDiskError(path: string, cause: unknown): HeddleError {
  const system = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
  const details = { path, system }
  // SQLite tells a full disk by number: SQLITE_FULL.
  const isFull =
    system === 'ENOSPC' ||
    system === 'EDQUOT' ||
    (cause instanceof Error && 'errcode' in cause && cause.errcode === 13)
  if (isFull) {
    const message = `no space left for ${path}: nothing was kept. Free some; no restart needed.`
    return new HeddleError('store-full', 'unavailable', message, details, { cause })
  }
  const message = `the disk failed on ${path}: ${errorMessage(cause)}. Nothing was kept.`
  return new HeddleError('store-disk-failed', 'unavailable', message, details, { cause })
}

/** The disk failed at reading. */
export function storeReadFailed(path: string, cause: unknown): HeddleError {
  const message = `the disk failed at reading ${path}: ${errorMessage(cause)}. Try again.`
  return new HeddleError('store-disk-failed', 'unavailable', message, { path }, { cause })
}

/** The index file is damaged: what it answers cannot be believed. */
export function storeIndexFailed(cause: unknown): HeddleError {
  const message =
    `the store's index failed: ${errorMessage(cause)}. ` +
    'Stop the node and run heddle store rebuild.'
  return new HeddleError('store-index-failed', 'internal', message, {}, { cause })
}

/** A chunk of the data is not here. */
export function chunkMissing({ dataRoot, sizeBytes }: StoredData, offset: number): HeddleError {
  const message =
    `byte ${offset} of data ${dataRoot || '(empty)'} (${sizeBytes} bytes) is not here: ` +
    'its chunk was never posted, or is kept no longer. Post it to /chunk.'
  return new HeddleError('store-chunk-missing', 'missing', message, { dataRoot, sizeBytes, offset })
}

/** A chunk does not read back as it was written. It is not served; posting it again heals it. */
export function chunkDamaged(
  { dataRoot, sizeBytes }: StoredData,
  offset: number,
  what: string,
): HeddleError {
  const message =
    `the chunk at byte ${offset} of data ${dataRoot} is damaged on disk: ${what}. ` +
    'Post the data again, or restore the segment from a copy.'
  const details = { dataRoot, sizeBytes, offset }
  return new HeddleError('store-chunk-damaged', 'internal', message, details)
}

/** The range is not within the data. */
export function rangeInvalid(fromByte: number, toByte: number, sizeBytes: number): HeddleError {
  const message = `bytes ${fromByte} to ${toByte} are not a range within ${sizeBytes} bytes.`
  const details = { fromByte, toByte, sizeBytes }
  return new HeddleError('store-range-invalid', 'invalid', message, details)
}

/** The source ended at another size than was told before. */
export function sizeDiffers(statedBytes: number, givenBytes: number): HeddleError {
  const message = `${statedBytes} bytes were announced, ${givenBytes} came: send all of it again.`
  return new HeddleError('store-size-differs', 'invalid', message, { statedBytes, givenBytes })
}

/** The data is larger than the store takes at once. */
export function dataTooLarge(givenBytes: number, limitBytes: number): HeddleError {
  const message = `data of ${givenBytes} bytes is too large: the limit is ${limitBytes}. Split it.`
  return new HeddleError('store-data-too-large', 'invalid', message, { givenBytes, limitBytes })
}

/** The disk failed while the upload was under way, and took part of it along. */
export function storeUploadLost(): HeddleError {
  const message = 'the disk failed during the upload: nothing was kept. Send all of it again.'
  return new HeddleError('store-upload-lost', 'unavailable', message)
}

/** A data root or size that names no data. */
export function dataNameInvalid(what: string): HeddleError {
  const message = `${what}: name data by its data_root (43 characters) and its size in bytes.`
  return new HeddleError('store-data-invalid', 'invalid', message)
}

/** A holder's name is empty or too long. */
export function holderInvalid(bytes: number, limitBytes: number): HeddleError {
  const message = `a holder is named by 1 to ${limitBytes} bytes of text, not ${bytes}.`
  return new HeddleError('store-holder-invalid', 'invalid', message, { bytes, limitBytes })
}

/** A hashing thread died; the next job starts another. */
export function hashThreadEnded(reason: string): HeddleError {
  const message = `a hashing thread ended (${reason}): try again.`
  return new HeddleError('store-hash-ended', 'unavailable', message)
}

/** The store is closing. */
export function storeClosed(): HeddleError {
  return new HeddleError('store-closed', 'unavailable', 'the store is closed: start the node.')
}

/** The options contradict each other or leave their bounds. */
export function storeOptionsInvalid(what: string): HeddleError {
  return new HeddleError('store-options-invalid', 'invalid', `store options: ${what}.`)
}

/** A request does not say what it must. */
export function requestInvalid(what: string): HeddleError {
  return new HeddleError('store-request-invalid', 'invalid', `${what}.`)
}

/** The route is for the machine the node runs on. */
export function loopbackOnly(): HeddleError {
  const message = 'this is answered to the node’s own machine alone: ask from there.'
  return new HeddleError('store-loopback-only', 'denied', message)
}
