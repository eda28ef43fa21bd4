import { decodeTextStrict, encodeBase64Url } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import { type Item, ownerAddress, type Tag } from '@heddle/protocol/item'
import { blockHeightText, type LogEntry } from '@heddle/protocol/message'

/** JSON of the legacynet scheduler (ao-protocol.md §2.1). Field names and null are as clients expect. */
type Signed = {
  readonly id: string
  readonly owner: { readonly address: string; readonly key: string }
  readonly tags: readonly Tag[]
  readonly signature: string
  readonly anchor: string | null
}
type MessageShape = Signed & { readonly data: string | null; readonly target: string }
type AssignmentShape = Signed & { readonly target: null }
type NodeShape = {
  /** Null where an existing item was assigned by id: it is to be loaded by that id. */
  readonly message: MessageShape | null
  readonly assignment: AssignmentShape
}
export type PageShape = {
  readonly page_info: { readonly has_next_page: boolean }
  readonly edges: readonly { readonly cursor: string; readonly node: NodeShape }[]
}

/** How entries are shown: `showAnchor` gives anchors that are no text as base64url instead of null. */
export type ShapeOptions = { readonly engine: CryptoEngine; readonly showAnchor: boolean }

export function nodeShape(entry: LogEntry, options: ShapeOptions): NodeShape {
  const { assignment, message } = entry
  return {
    message: message === undefined ? null : messageShape(message, options),
    assignment: { ...signedShape(assignment.item, options), target: null },
  }
}

/** Answer of `GET /processes/:id`, from slot 0. */
export function processShape({ assignment, message }: LogEntry, options: ShapeOptions): unknown {
  if (message === undefined) return { process_id: assignment.processId }
  const { id, ...signed } = signedShape(message, options)
  return {
    process_id: id,
    block: blockHeightText(assignment.blockHeight),
    timestamp: assignment.timestampMs,
    data: decodeTextStrict(message.data) ?? null,
    target: message.target.length === 0 ? null : encodeBase64Url(message.target),
    ...signed,
  }
}

function messageShape(item: Item, options: ShapeOptions): MessageShape {
  return {
    ...signedShape(item, options),
    // Bytes that are no text would come out changed; null sends the reader to the gateway instead.
    data: decodeTextStrict(item.data) ?? null,
    target: encodeBase64Url(item.target),
  }
}

function signedShape(item: Item, { engine, showAnchor }: ShapeOptions): Signed {
  return {
    id: item.id,
    owner: {
      address: ownerAddress(item, engine),
      key: encodeBase64Url(item.owner),
    },
    tags: item.tags,
    signature: encodeBase64Url(item.signature),
    anchor: anchorShape(item.anchor, showAnchor),
  }
}

function anchorShape(anchor: Uint8Array, showAnchor: boolean): string | null {
  if (anchor.length === 0) return null
  return decodeTextStrict(anchor) ?? (showAnchor ? encodeBase64Url(anchor) : null)
}
