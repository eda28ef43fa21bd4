import { HeddleError } from '../base/index.ts'
import { describeSignatureTypes } from './signature-type.ts'

/** Joins what is wrong with what to do about it. */
function invalid(
  code: string,
  fault: string,
  remedy: string,
  details: Record<string, unknown> = {},
): HeddleError {
  return new HeddleError(code, 'invalid', `${fault} ${remedy}`, details)
}

/** The bytes end before `what` does. */
export function itemTruncated(what: string, neededBytes: number, givenBytes: number): HeddleError {
  return invalid(
    'item-truncated',
    `the item ends within its ${what}: ${neededBytes} bytes are needed, ${givenBytes} were given.`,
    'Send the whole item.',
    { neededBytes, givenBytes },
  )
}

/** The item is larger than the limit. */
export function itemTooLarge(givenBytes: number, limitBytes: number): HeddleError {
  return invalid(
    'item-too-large',
    `the item has ${givenBytes} bytes, the limit is ${limitBytes}.`,
    'Split its data over several items.',
    { givenBytes, limitBytes },
  )
}

/** A signature type that is not verified here. */
export function itemSignatureType(signatureType: number): HeddleError {
  return invalid(
    'item-signature-type',
    `signature type ${signatureType} is not supported.`,
    `Use one of ${describeSignatureTypes()}.`,
    { signatureType },
  )
}

/** The byte that says whether a target or anchor follows is neither 0 nor 1. */
export function itemPresenceByte(what: 'target' | 'anchor', value: number): HeddleError {
  return invalid(
    'item-presence-byte',
    `the byte before the ${what} must be 0 (absent) or 1 (present), it is ${value}.`,
    'Write the item again.',
    { what, value },
  )
}

/** The stated number of tags differs from the tags that are there. */
export function itemTagCount(stated: number, found: number): HeddleError {
  return invalid(
    'item-tag-count',
    `the header states ${stated} tags, the tag area holds ${found}.`,
    'Encode the tags again.',
    { stated, found },
  )
}

/** More tags than allowed. */
export function itemTooManyTags(given: number, limit: number): HeddleError {
  return invalid(
    'item-too-many-tags',
    `the item states ${given} tags, the limit is ${limit}.`,
    'Move some of them into the data.',
    { given, limit },
  )
}

/** The tag area is larger than allowed. */
export function itemTagArea(givenBytes: number, limitBytes: number): HeddleError {
  return invalid(
    'item-tag-area',
    `the tags take ${givenBytes} bytes, the limit is ${limitBytes}.`,
    'Move long values into the data.',
    { givenBytes, limitBytes },
  )
}

/** The tag area is not the Avro array it should be. */
export function itemTagEncoding(reason: string, offsetBytes: number): HeddleError {
  return invalid(
    'item-tag-encoding',
    `the tags are not a valid Avro array: ${reason} (byte ${offsetBytes} of the tag area).`,
    'Encode the tags again.',
    { reason, offsetBytes },
  )
}

/** A tag's name or value is longer than allowed. */
export function itemTagLength(
  part: 'name' | 'value',
  index: number,
  givenBytes: number,
  limitBytes: number,
): HeddleError {
  return invalid(
    `item-tag-${part}`,
    `the ${part} of tag ${index} has ${givenBytes} bytes, the limit is ${limitBytes}.`,
    'Move it into the data.',
    { index, givenBytes, limitBytes },
  )
}

/** A tag's name or value is not text. */
export function itemTagText(part: 'name' | 'value', index: number): HeddleError {
  return invalid(
    'item-tag-text',
    `the ${part} of tag ${index} is not valid Unicode text.`,
    'Put bytes into the data, or encode them.',
    { part, index },
  )
}

/** A draft's target does not name 32 bytes. */
export function itemTarget(target: string): HeddleError {
  return invalid(
    'item-target',
    `the target must be an id of 43 base64url characters, it is "${target.slice(0, 64)}".`,
    'Leave it out for no target.',
  )
}

/** A draft's anchor has the wrong length. */
export function itemAnchor(givenBytes: number): HeddleError {
  return invalid(
    'item-anchor',
    `the anchor must have 32 bytes, it has ${givenBytes}.`,
    'Leave it out for no anchor.',
    { givenBytes },
  )
}

/** A signer's key or signature does not have the length of its type. */
export function itemSigner(
  part: 'owner' | 'signature',
  name: string,
  expectedBytes: number,
  givenBytes: number,
): HeddleError {
  return invalid(
    'item-signer',
    `the ${part} of a signer (${name}) must have ${expectedBytes} bytes, it has ${givenBytes}.`,
    'Use a key of that type.',
    { part, expectedBytes, givenBytes },
  )
}

/** The bundle ends within its header or items. */
export function bundleTruncated(
  what: string,
  neededBytes: number,
  givenBytes: number,
): HeddleError {
  return invalid(
    'bundle-truncated',
    `the bundle ends within its ${what}: it needs ${neededBytes} bytes and has ${givenBytes}.`,
    'Send the whole bundle.',
    { neededBytes, givenBytes },
  )
}

/** Bytes follow the last item. */
export function bundleTrailing(trailingBytes: number): HeddleError {
  return invalid(
    'bundle-trailing',
    `${trailingBytes} bytes follow the last item of the bundle.`,
    'Its header must name every item.',
    { trailingBytes },
  )
}

/** A bundle's header names another item than the one that is there. */
export function bundleItemId(index: number, stated: string, found: string): HeddleError {
  return invalid(
    'bundle-item-id',
    `the bundle's header names item ${index} ${stated}, but its signature gives ${found}.`,
    'Write the header again.',
    { index, stated, found },
  )
}
