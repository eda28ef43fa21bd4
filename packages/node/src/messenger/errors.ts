import { HeddleError } from '@heddle/protocol/base'

const itemRemedy = 'Send a signed data item with Data-Protocol ao and Type Process or Message.'

/** An option is not a whole number in its range. */
export function optionInvalid(name: string, value: unknown, least: number): HeddleError {
  const text = `messenger option ${name} must be a whole number, ${least} or more; it is ${value}`
  return new HeddleError('option-invalid', 'invalid', text, { name, value, least })
}

/** The body is not an item this unit takes. */
export function postInvalid(what: string, remedy = itemRemedy): HeddleError {
  return new HeddleError('post-invalid', 'invalid', `${what}. ${remedy}`)
}

/** The signature does not fit the item. */
export function signatureInvalid(id: string): HeddleError {
  const text = `the signature of item ${id} does not hold. Sign the item again and send all of it.`
  return new HeddleError('signature-invalid', 'invalid', text, { id })
}

/** The item is larger than this unit takes. */
export function itemOverLimit(givenBytes: number, limitBytes: number): HeddleError {
  const text = `the item has ${givenBytes} bytes, the limit is ${limitBytes}. Publish bulk data and send its id.`
  return new HeddleError('item-over-limit', 'invalid', text, { givenBytes, limitBytes })
}

/** Only one of `process-id` and `assign` was given, or one of them is no id. */
export function assignInvalid(what: string): HeddleError {
  return new HeddleError('assign-invalid', 'invalid', what)
}

/** Nobody who could be asked schedules this process. */
export function processUnknown(processId: string, why: string): HeddleError {
  const text = `unknown process ${processId}: ${why}. Check the id (heddle list processes shows those here).`
  return new HeddleError('unknown-process', 'missing', text, { processId })
}

/** Something cannot be told apart because peers did not answer. */
export function peersSilent(what: string, peers: readonly string[]): HeddleError {
  const text = `cannot tell where ${what} is: no answer from ${peers.join(', ')}. Try again later.`
  return new HeddleError('peers-silent', 'unavailable', text, { peers })
}

/** A process is known, but whoever schedules it has not said where. */
export function schedulerUnplaced(processId: string, scheduler: string): HeddleError {
  const text =
    `process ${processId} exists, but no node asked schedules it and its scheduler ` +
    `${scheduler || '(none named)'} has not announced where it answers (Scheduler-Location).`
  return new HeddleError('scheduler-unplaced', 'missing', text, { processId, scheduler })
}

/** Another node could not be reached, or answered out of form or bounds. */
export function nodeUnreachable(url: string, why: string): HeddleError {
  const text = `no usable answer from ${url}: ${why}. Check that the node runs and its URL.`
  return new HeddleError('node-unreachable', 'unavailable', text, { url })
}

/** An address that is never called. */
export function urlRefused(url: string, why: string): HeddleError {
  const text = `refusing to call ${url.slice(0, 200)}: ${why}.`
  return new HeddleError('url-refused', 'unavailable', text)
}

/** Another scheduler answered with an error. `remoteCode` is there where it is a Heddle. */
export function schedulerRefused(
  url: string,
  status: number,
  why: string,
  remoteCode: string | undefined,
): HeddleError {
  const text = `scheduler ${url} answered ${status}: ${why}`
  return new HeddleError('scheduler-refused', kindOfStatus(status), text, { status, remoteCode })
}

function kindOfStatus(status: number) {
  if (status === 401 || status === 403) return 'denied'
  if (status === 404) return 'missing'
  if (status === 409) return 'conflict'
  if (status === 429) return 'exhausted'
  return status >= 400 && status < 500 ? 'invalid' : 'unavailable'
}

/** Too much is under way. */
export function messengerBusy(what: string): HeddleError {
  return new HeddleError(
    'messenger-busy',
    'unavailable',
    `the messenger is busy: ${what}. Nothing was taken; try again in a few seconds.`,
  )
}

/** The messenger is closed. */
export function messengerClosed(): HeddleError {
  return new HeddleError('messenger-closed', 'unavailable', 'this messenger is closed')
}

/** A caller posts too fast. */
export function rateExceeded(postsPerMinute: number, retryAfterMs: number): HeddleError {
  const text = `too many posts: ${postsPerMinute} a minute are allowed. Try again in ${Math.ceil(retryAfterMs / 1000)} s.`
  return new HeddleError('rate-exceeded', 'exhausted', text, { postsPerMinute, retryAfterMs })
}

/** The signer of a request does not own the process. */
export function ownerOnly(processId: string, signer: string): HeddleError {
  const text = `${signer} does not own process ${processId}. Sign with the key that spawned it.`
  return new HeddleError('owner-only', 'denied', text, { processId, signer })
}

/** A `Cron-Interval` (or the lack of one) that cannot be kept. */
export function cronInvalid(why: string): HeddleError {
  const text = `${why}. Spawn the process with a tag such as Cron-Interval: 10-seconds (or -minutes, -hours, -days, -blocks).`
  return new HeddleError('cron-invalid', 'invalid', text)
}

/** What a process emitted cannot be sent in the form it has. */
export function letterInvalid(why: string): HeddleError {
  return new HeddleError('letter-invalid', 'invalid', why)
}

/** No result, or no such message in it. */
export function resultMissing(what: string): HeddleError {
  return new HeddleError('result-missing', 'missing', what)
}

/** A query parameter is missing or out of range. */
export function queryInvalid(what: string): HeddleError {
  return new HeddleError('query-invalid', 'invalid', what)
}

/** The state file cannot be used. */
export function stateUnusable(path: string, why: string, cause?: unknown): HeddleError {
  const text = `messenger state ${path} cannot be used: ${why}`
  return new HeddleError('state-unusable', 'internal', text, { path }, { cause })
}
