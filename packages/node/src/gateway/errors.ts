import { HeddleError } from '@heddle/protocol/base'

/** The item's signature does not match its owner and contents. */
export function signatureWrong(id: string): HeddleError {
  return new HeddleError(
    'item-signature-wrong',
    'invalid',
    `the signature of item ${id} does not hold: sign the item again with its owner's key.`,
    { id },
  )
}

/** No item of this id is kept or scheduled here. */
export function itemUnknown(id: string): HeddleError {
  return new HeddleError(
    'item-unknown',
    'missing',
    `unknown item ${id}: this node neither keeps nor schedules it. Post it to /v1/tx first.`,
    { id },
  )
}

/** No final block of this height or id. */
export function blockUnknown(name: string, tipHeight: number): HeddleError {
  return new HeddleError(
    'block-unknown',
    'missing',
    `unknown block ${name}: the newest block here has height ${tipHeight}.`,
    { tipHeight },
  )
}

/** A request's text does not say what it must; `what` tells the expected form. */
export function requestInvalid(what: string): HeddleError {
  return new HeddleError('request-invalid', 'invalid', what)
}

/** Something else than a signed ANS-104 item was posted. */
export function uploadNotItem(reason: string): HeddleError {
  return new HeddleError(
    'upload-not-item',
    'invalid',
    `${reason} Post one signed ANS-104 data item as application/octet-stream.`,
  )
}

/** More bytes wait for the disk than allowed. */
export function itemsBusy(waitingBytes: number): HeddleError {
  return new HeddleError(
    'items-busy',
    'unavailable',
    `${waitingBytes} bytes of items wait for the disk already: send this one again in a second.`,
    { waitingBytes },
  )
}

/** The gateway is closing. */
export function gatewayClosed(): HeddleError {
  return new HeddleError('gateway-closed', 'unavailable', 'the node is shutting down.')
}

/** A cursor that no page of this node ended with. */
export function cursorInvalid(): HeddleError {
  return new HeddleError(
    'cursor-invalid',
    'invalid',
    'after: not a cursor of this node. Use `cursor` of the last edge of the page before.',
  )
}

/** A GraphQL request beyond what one request may ask. */
export function queryTooLarge(what: string): HeddleError {
  return new HeddleError('query-too-large', 'invalid', `query refused: ${what}.`)
}

/** A search that would look at too much of the index. */
export function searchTooBroad(lookedAt: number): HeddleError {
  return new HeddleError(
    'search-too-broad',
    'exhausted',
    `gave up after ${lookedAt} index entries: add a more selective tag, an owner or a block range.`,
    { lookedAt },
  )
}

/** A mainnet path whose keys are not served here. */
export function pathUnknown(path: string): HeddleError {
  return new HeddleError(
    'path-unknown',
    'missing',
    `no key ${path}: served are push, schedule, slot/current, compute, now, as=execution/compute.`,
  )
}

/** The process is not scheduled by this node. */
export function processUnknown(processId: string, known: number): HeddleError {
  return new HeddleError(
    'unknown-process',
    'missing',
    `unknown process ${processId}: this node does not schedule it. ` +
      `Known here: ${known} (heddle list processes).`,
    { processId },
  )
}

/** The process has no such slot, or no message of that id. */
export function slotUnknown(processId: string, name: string, head: number): HeddleError {
  return new HeddleError(
    'unknown-slot',
    'missing',
    `process ${processId} has no slot or message ${name}: its newest slot is ${head - 1}.`,
    { processId, head },
  )
}

/** A reply was required in a form that is not spoken here. */
export function codecUnknown(codec: string): HeddleError {
  return new HeddleError(
    'codec-unknown',
    'invalid',
    `codec ${codec.slice(0, 64)} is not spoken here: require application/json or httpsig@1.0.`,
  )
}

/** A message was pushed to another process than the one it names. */
export function targetDiffers(processId: string, target: string): HeddleError {
  return new HeddleError(
    'target-differs',
    'invalid',
    `the message's target is ${target || 'empty'}, the path names ${processId}: name the same.`,
    { processId, target },
  )
}

/** The slot is durable, and its evaluation takes longer than the caller is made to wait. */
export function resultPending(processId: string, slot: number): HeddleError {
  return new HeddleError(
    'result-pending',
    'unavailable',
    `slot ${slot} of process ${processId} is still being evaluated: ask again later.`,
    { processId, slot },
  )
}
