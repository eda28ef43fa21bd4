import { errorMessage, HeddleError } from '@heddle/protocol/base'

/** The log's next slot is another one: somebody else appended first. */
export function slotTaken(log: string, expectedSlot: number, nextSlot: number): HeddleError {
  const message = `log ${log} goes on at slot ${nextSlot}, not ${expectedSlot}: read it and retry.`
  return new HeddleError('slot-taken', 'conflict', message, { log, expectedSlot, nextSlot })
}

/** The number given is not a slot. */
export function slotInvalid(slot: number): HeddleError {
  const message = `${slot} is not a slot: slots are whole numbers from 0.`
  return new HeddleError('slot-invalid', 'invalid', message, { slot })
}

/** A newer writer claimed the journal. */
export function epochStale(epoch: number, currentEpoch: number): HeddleError {
  const message = `epoch ${epoch} is over, ${currentEpoch} was claimed: this writer must stop.`
  return new HeddleError('epoch-stale', 'denied', message, { epoch, currentEpoch })
}

/** The epoch given was never claimed. */
export function epochUnclaimed(epoch: number, currentEpoch: number): HeddleError {
  const message = `epoch ${epoch} was never claimed (current: ${currentEpoch}): call claim().`
  return new HeddleError('epoch-unclaimed', 'invalid', message, { epoch, currentEpoch })
}

/** One record is larger than the journal takes. */
export function recordTooLarge(recordBytes: number, limitBytes: number): HeddleError {
  const message = `a record of ${recordBytes} bytes is too large: the limit is ${limitBytes}.`
  return new HeddleError('record-too-large', 'invalid', message, { recordBytes, limitBytes })
}

/** The records of one append together are larger than the journal takes. */
export function appendTooLarge(appendBytes: number, limitBytes: number): HeddleError {
  const message = `an append of ${appendBytes} bytes is too large: split it below ${limitBytes}.`
  return new HeddleError('append-too-large', 'invalid', message, { appendBytes, limitBytes })
}

/** The log's name is empty, too long or not well-formed text. */
export function logNameInvalid(nameBytes: number, limitBytes: number): HeddleError {
  const message = `a log's name is text of 1 to ${limitBytes} bytes (UTF-8); this has ${nameBytes}.`
  return new HeddleError('log-name-invalid', 'invalid', message, { nameBytes, limitBytes })
}

/** More is waiting for the disk than the journal holds in memory. */
export function journalBusy(pendingBytes: number, limitBytes: number): HeddleError {
  const message = `${pendingBytes} bytes wait for the disk (limit ${limitBytes}): retry later.`
  return new HeddleError('journal-busy', 'exhausted', message, { pendingBytes, limitBytes })
}

/** The journal was closed. */
export function journalClosed(): HeddleError {
  return new HeddleError('journal-closed', 'unavailable', 'the journal is closed: open it again.')
}

/** No space left (`disk-full`) or another error of the disk (`disk-failed`). */
export function diskError(path: string, cause: unknown): HeddleError {
  const system = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
  const details = { path, system }
  if (system === 'ENOSPC' || system === 'EDQUOT') {
    const message = `no space left for ${path}: nothing was appended. Free some; no restart needed.`
    return new HeddleError('disk-full', 'unavailable', message, details, { cause })
  }
  const message = `the disk failed on ${path}: ${errorMessage(cause)}. Nothing was appended.`
  return new HeddleError('disk-failed', 'unavailable', message, details, { cause })
}

/** The disk failed at reading. */
export function readFailed(path: string, cause: unknown): HeddleError {
  const message = `the disk failed at reading ${path}: ${errorMessage(cause)}.`
  return new HeddleError('disk-failed', 'unavailable', message, { path }, { cause })
}

/** A segment file is damaged where it was durable: the journal does not open. */
export function journalCorrupt(path: string, offset: number, what: string): HeddleError {
  const message =
    `journal damaged at byte ${offset} of ${path}: ${what}. ` +
    'Nothing was changed. Restore the file from a copy.'
  return new HeddleError('journal-corrupt', 'internal', message, { path, offset })
}

/** A record does not read back as it was written. */
export function recordCorrupt(
  log: string,
  slot: number,
  path: string,
  offset: number,
): HeddleError {
  const message =
    `slot ${slot} of log ${log} is damaged at byte ${offset} of ${path}: ` +
    'its checksum does not match. Restore the file from a copy.'
  return new HeddleError('record-corrupt', 'internal', message, { log, slot, path, offset })
}

/** The options contradict each other or leave their bounds. */
export function journalOptionsInvalid(what: string): HeddleError {
  return new HeddleError('journal-options-invalid', 'invalid', `journal options: ${what}.`)
}
