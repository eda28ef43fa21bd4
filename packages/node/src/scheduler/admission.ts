import { concatBytes, encodeBase64Url, encodeText, isId } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import { type Item, type Tag, tagValue, tagValues } from '@heddle/protocol/item'
import { excludeLimits, isExcludeName } from '@heddle/protocol/message'
import { itemRefused, requestInvalid } from './errors.ts'

/** What may have a slot, and whose log it belongs to. */
type Admission = {
  readonly kind: 'process' | 'message'
  readonly processId: string
  /** Identity of the delivery (DESIGN §5.4) within the process; undefined where none is stated. */
  readonly deliveryKey: string | undefined
}

/**
 * Applies the rules of the legacynet scheduler to a verified item: Data-Protocol ao, Type Process or
 * Message (the first one counts), Module and Scheduler on processes, a target on messages, no
 * `+link` anywhere. Throws `item-refused`.
 */
export function admitItem(item: Item, itemBytesMax: number, engine: CryptoEngine): Admission {
  const refuse = (what: string) => itemRefused(item.id, what)
  if (item.bytes.length > itemBytesMax) {
    throw refuse(`${item.bytes.length} bytes exceed the limit of ${itemBytesMax}. Upload the data.`)
  }
  const linked = item.tags.find(({ name, value }) => isLink(name) || isLink(value))
  if (linked !== undefined) {
    throw refuse(`tag ${linked.name.slice(0, 64)}: names and values must not end with +link.`)
  }
  const protocols = [
    ...tagValues(item.tags, 'Data-Protocol'),
    ...tagValues(item.tags, 'data-protocol'),
  ]
  if (!protocols.includes('ao')) throw refuse('tag Data-Protocol: ao is missing.')
  const type = tagValue(item.tags, 'Type') ?? tagValue(item.tags, 'type')
  if (type === 'Process') {
    for (const name of ['Module', 'Scheduler']) {
      if (!tagValue(item.tags, name)) throw refuse(`a process needs tag ${name}.`)
    }
    return { kind: 'process', processId: item.id, deliveryKey: undefined }
  }
  if (type !== 'Message') throw refuse('tag Type must be Process or Message.')
  if (item.target.length !== 32) throw refuse('a message needs the process id as its target.')
  const processId = encodeBase64Url(item.target)
  return { kind: 'message', processId, deliveryKey: deliveryKey(item, engine) }
}

/**
 * Names a delivery: sha256(sha256(owner) ‖ Delivery-Id). Bound to the signer, so that nobody else
 * can use up an id. Undefined where the item states none.
 */
export function deliveryKey(
  item: { readonly owner: Uint8Array; readonly tags: readonly Tag[] },
  engine: CryptoEngine,
): string | undefined {
  const id = tagValue(item.tags, 'Delivery-Id')
  if (id === undefined) return undefined
  const named = concatBytes([engine.sha256(item.owner), encodeText(id)])
  return encodeBase64Url(engine.sha256(named))
}

/** Checks ids and `Exclude` names of an assignment request. Throws `request-invalid`. */
export function admitAssign(
  processId: string,
  messageId: string,
  exclude: readonly string[],
): void {
  if (!isId(processId)) throw requestInvalid('process-id must be 32 bytes as base64url')
  if (!isId(messageId)) throw requestInvalid('assign must be 32 bytes as base64url')
  if (exclude.length > excludeLimits.fields || !exclude.every(isExcludeName)) {
    throw requestInvalid(
      `exclude takes at most ${excludeLimits.fields} names of fields, such as Data,Tags`,
    )
  }
}

function isLink(text: string): boolean {
  return text.endsWith('+link')
}
