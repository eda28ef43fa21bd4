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
    `${waitingBytes} bytes of items are being kept already: send this one again in a second.`,
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

/** The thread of the index ended on its own; it is started again and catches up. */
export function indexLost(reason: string): HeddleError {
  return new HeddleError(
    'index-lost',
    'unavailable',
    `the index is being opened again (${reason}): ask again in a moment.`,
  )
}

/** Data that is not here: its store is closed to this node, or the data never came. */
export function dataMissing(what: string): HeddleError {
  return new HeddleError(
    'data-missing',
    'missing',
    `the data ${what} is not here: its uploader has not posted all of its chunks to this node.`,
    { what },
  )
}

/** A layer-1 transaction that does not hold; `fault` names the part. */
export function transactionWrong(id: string, fault: string): HeddleError {
  return new HeddleError(
    'transaction-wrong',
    'invalid',
    `the ${fault} of transaction ${id} does not hold: sign the transaction again.`,
    { id, fault },
  )
}

/** An item beyond what this node takes. */
export function uploadTooLarge(limitBytes: number): HeddleError {
  return new HeddleError(
    'upload-too-large',
    'invalid',
    `the upload has more than ${limitBytes} bytes, the limit here: split the data.`,
    { limitBytes },
  )
}

/** Data was here before, its promise had run out, and it was collected before the new promise was made. */
export function uploadLost(id: string): HeddleError {
  return new HeddleError(
    'upload-lost',
    'unavailable',
    `an earlier copy of the data of ${id} was collected while it came in: send it again.`,
    { id },
  )
}

/** A multi-part upload that was put together and refused. */
export function uploadRefused(id: string): HeddleError {
  return new HeddleError(
    'upload-refused',
    'invalid',
    `upload ${id} was refused when it was finalized: its bytes are no signed item. Begin a new one.`,
    { id },
  )
}

/** No multi-part upload of this id is open. */
export function uploadUnknown(id: string): HeddleError {
  return new HeddleError(
    'upload-unknown',
    'missing',
    `unknown upload ${id}: it has expired. Begin the upload again.`,
    { id },
  )
}

/** An upload asks for more than this node can promise by itself, and it has no keepers to ask. */
export function retentionUnkept(what: string): HeddleError {
  return new HeddleError(
    'retention-unkept',
    'invalid',
    `the upload asks for ${what}, and this node alone cannot promise that: it keeps one copy. ` +
      'Leave the tag out, or publish the data over the wide lane (heddle da put).',
    { what },
  )
}

/** Parts of a multi-part upload leave a gap. */
export function uploadIncomplete(id: string, fromByte: number): HeddleError {
  return new HeddleError(
    'upload-incomplete',
    'invalid',
    `upload ${id} lacks bytes from ${fromByte} on: post that part, then finalize again.`,
    { id, fromByte },
  )
}

/** Parts of a multi-part upload leave more gaps than are remembered. */
export function uploadScattered(id: string, gapsMax: number): HeddleError {
  return new HeddleError(
    'upload-scattered',
    'invalid',
    `upload ${id} has more than ${gapsMax} gaps: send larger parts, or those in between first.`,
    { id, gapsMax },
  )
}

/** More multi-part uploads are open than allowed. */
export function uploadsBusy(open: number): HeddleError {
  return new HeddleError(
    'uploads-busy',
    'unavailable',
    `${open} uploads are open already: try again later.`,
    { open },
  )
}

/** More data than one text should hold. */
export function dataTooLarge(limitBytes: number): HeddleError {
  return new HeddleError(
    'data-too-large',
    'invalid',
    `the data has more than ${limitBytes} bytes: read it at /:id or chunk by chunk.`,
    { limitBytes },
  )
}

/** A reward below the price this node's operator asks. */
export function rewardTooLow(reward: string, price: bigint, copies: number): HeddleError {
  const asked = copies === 1 ? '/price/:bytes' : `/price/:bytes?copies=${copies}`
  return new HeddleError(
    'reward-too-low',
    'invalid',
    `the reward is ${reward} winston, the price ${price}: ask ${asked} and sign again.`,
    { reward, price: String(price) },
  )
}

/** No byte of the weave known here has this offset. */
export function chunkUnknown(offset: number): HeddleError {
  return new HeddleError(
    'chunk-unknown',
    'missing',
    `no chunk at offset ${offset} of the weave: ask /tx/:id/offset where a transaction's data is.`,
    { offset },
  )
}

/** An item says it is a manifest of paths and is none. */
export function manifestInvalid(what: string): HeddleError {
  return new HeddleError(
    'manifest-invalid',
    'invalid',
    `the manifest cannot be read: ${what}. Its text is at /raw/:id.`,
  )
}

/** A manifest leads nowhere from this path. */
export function manifestPathUnknown(id: string, path: string): HeddleError {
  return new HeddleError(
    'manifest-path-unknown',
    'missing',
    `manifest ${id} has no path ${path.slice(0, 100)}, and no fallback.`,
    { id },
  )
}
