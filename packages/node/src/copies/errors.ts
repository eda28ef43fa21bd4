import { HeddleError } from '@heddle/protocol/base'

/** Fewer holders than asked for have the place and the stake; the message says which is missing. */
export function copiesUnfit(what: string, details: Readonly<Record<string, unknown>>): HeddleError {
  const text = `${what} Name more keepers (--keepers), or ask for less.`
  return new HeddleError('copies-unfit', 'invalid', text, details)
}

/** Enough keepers fit, and too few of them answer, have room or proved what they took. Try later. */
export function copiesShort(what: string, details: Readonly<Record<string, unknown>>): HeddleError {
  const text = `${what} Nothing was kept: try again later, or name more keepers (--keepers).`
  return new HeddleError('copies-short', 'unavailable', text, details)
}

/** An item without data: nothing of it could be challenged. */
export function copiesEmpty(id: string): HeddleError {
  const text = `item ${id} has no data: there is nothing copies could be proven of. Put some in.`
  return new HeddleError('copies-empty', 'invalid', text, { id })
}

/** No copies of this item are promised here. */
export function copiesUnknown(id: string, promised: number): HeddleError {
  const text = `no copies of ${id} are promised here. Promised: ${promised} items (heddle store status).`
  return new HeddleError('copies-unknown', 'missing', text, { id })
}

/** The node keeps no copies for others. */
export function copiesOff(): HeddleError {
  const text =
    'this node keeps no copies for others: its operator starts it with --keep-copies-mib.'
  return new HeddleError('copies-off', 'unavailable', text)
}

/** A request or release that is not signed, not for this node, or not sound. */
export function copyRequestInvalid(what: string): HeddleError {
  return new HeddleError('copy-request-invalid', 'invalid', `${what}.`)
}

/** A request from another time: it is a repeat, or a clock is wrong. */
export function copyRequestStale(timeMs: number, nowMs: number): HeddleError {
  const text = `the request says it is ${timeMs}, here it is ${nowMs} (ms since 1970): set the clocks.`
  return new HeddleError('copy-request-stale', 'invalid', text, { timeMs, nowMs })
}

/** Copies are kept for others than this placer. */
export function copyDenied(placer: string): HeddleError {
  const text = `this node keeps no copies for ${placer}: its operator adds it to --keep-for.`
  return new HeddleError('copy-denied', 'denied', text, { placer })
}

/** The copy does not fit into what is left for this placer. */
export function copyFull(wantedBytes: number, freeBytes: number): HeddleError {
  const text = `the copy takes ${wantedBytes} bytes and ${freeBytes} are left for its placer here.`
  return new HeddleError('copy-full', 'exhausted', text, { wantedBytes, freeBytes })
}

/** More copies are on their way in than are taken at a time. */
export function copiesBusy(atOnce: number): HeddleError {
  const text = `${atOnce} copies are on their way in already: send this one again in a moment.`
  return new HeddleError('copies-busy', 'unavailable', text, { atOnce })
}

/** What came has another root than what was asked to be kept. */
export function copyDiffers(asked: string, came: string): HeddleError {
  const text = `data of root ${asked} was to be kept and ${came} came: nothing was kept.`
  return new HeddleError('copy-differs', 'invalid', text, { asked, came })
}

/** The request was released before it was done. */
export function copyWithdrawn(request: string): HeddleError {
  const text = `request ${request} was released: sign a new one.`
  return new HeddleError('copy-withdrawn', 'conflict', text, { request })
}

/** Data was here before, its promise had run out, and it was collected before the new promise was made. */
export function copyLost(dataRoot: string): HeddleError {
  const text = `an earlier copy of data ${dataRoot} was collected while it came in: send it again.`
  return new HeddleError('copy-lost', 'unavailable', text, { dataRoot })
}

/** No copy kept here has this chunk. */
export function copyChunkUnknown(dataRoot: string, offset: number): HeddleError {
  const text = `byte ${offset} of data ${dataRoot} is in no copy kept here.`
  return new HeddleError('copy-chunk-unknown', 'missing', text, { dataRoot, offset })
}

/** A keeper does not answer, or not as it should. */
export function keeperFailed(url: string, why: string, cause?: unknown): HeddleError {
  return new HeddleError(
    'keeper-failed',
    'unavailable',
    `keeper ${url}: ${why}`,
    { url },
    { cause },
  )
}

/** The list of who holds what cannot be read. */
export function copiesStateFailed(path: string, cause: unknown): HeddleError {
  const why = cause instanceof Error ? cause.message : String(cause)
  const text = `${path} cannot be used: ${why}. It says who holds copies: restore it from a backup.`
  return new HeddleError('copies-state', 'internal', text, { path }, { cause })
}

/** The room is closing. */
export function copiesClosed(): HeddleError {
  return new HeddleError('copies-closed', 'unavailable', 'the node is shutting down.')
}
