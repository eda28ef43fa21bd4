import { decodeText, HeddleError } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import { type Item, parseItem, tagValue } from '@heddle/protocol/item'
import type { RouteRequest } from '../../network/index.ts'
import { codecUnknown, requestInvalid, signatureWrong, uploadNotItem } from '../errors.ts'
import type { MainnetDeps } from '../ports.ts'

/**
 * A request as mainnet clients mean it. They post a signed item for reads too, whose tags carry
 * what would be headers; so a key is looked for in the item, the query and the headers, in this
 * order.
 */
export type Call = {
  readonly request: RouteRequest
  /** The posted item, its signature not checked yet. */
  readonly item: Item | undefined
  /** Why there is no item, where something was posted. */
  readonly flaw: HeddleError | undefined
}

export function readCall(request: RouteRequest, engine: CryptoEngine): Call {
  if (request.body.length === 0) return { request, item: undefined, flaw: undefined }
  try {
    return { request, item: parseItem(request.body, engine), flaw: undefined }
  } catch (error) {
    if (!(error instanceof HeddleError)) throw error
    return { request, item: undefined, flaw: error }
  }
}

export function callKey({ item, request }: Call, name: string): string | undefined {
  return (item && tagValue(item.tags, name)) ?? request.query.get(name) ?? request.headers[name]
}

/** Forms of a reply. The first one of each is how clients write it. */
const codecs = {
  json: ['application/json', 'json@1.0', '*/*'],
  httpsig: ['httpsig@1.0'],
  aos2: ['application/aos-2'],
} as const

export type Codec = keyof typeof codecs

/**
 * The form the caller wants. One it requires and nobody here speaks is refused: `codec-unknown`.
 */
export function replyCodec(call: Call): Codec {
  const required = callKey(call, 'require-codec')
  const accepted = callKey(call, 'accept-codec') ?? callKey(call, 'accept')
  const find = (wanted: string | undefined) =>
    (Object.keys(codecs) as Codec[]).find((name) => codecs[name].some((text) => text === wanted))
  if (required === undefined) return find(accepted) ?? 'json'
  const codec = find(required)
  if (codec === undefined) throw codecUnknown(required)
  return codec
}

/** The posted item with its signature checked; a request without one is refused. */
export async function signedItem(call: Call, { verify }: MainnetDeps): Promise<Item> {
  const { item, flaw, request } = call
  if (item !== undefined) {
    if (await verify(item)) return item
    throw signatureWrong(item.id)
  }
  if (request.headers['signature-input'] !== undefined) {
    throw requestInvalid('HTTP signatures are not taken here: use signing-format ans104.')
  }
  if (flaw === undefined) throw uploadNotItem('the body is empty.')
  // What fetch makes of an unsigned item, so the usual mistake gets its own words.
  if (decodeText(request.body.subarray(0, 15)) === '[object Object]') {
    throw uploadNotItem('the item is not signed: connect with a signer.')
  }
  throw flaw
}
