import { isId } from '../base/index.ts'
import type { CryptoEngine } from '../crypto/index.ts'
import { type Item, type ItemDraft, ownerAddress } from '../item/index.ts'
import { retentionLimits } from '../params/index.ts'
import { copyStatementInvalid } from './errors.ts'
import { copyLimits } from './limits.ts'
import { idTag, isStatement, numberTag, statementDraft, statementTypes } from './statement.ts'

/** What one keeper keeps for one placer. Every statement about it binds all of this. */
export type CopyTerms = {
  /** Addresses of the two. */
  readonly keeper: string
  readonly placer: string
  /** Id of the item or transaction. */
  readonly item: string
  /** Arweave's data_root of its data, base64url, and the bytes of it: at least one. */
  readonly dataRoot: string
  readonly sizeBytes: number
  /** Milliseconds since 1970; absent: for ever. */
  readonly untilMs?: number
}

/** A placer asks for a copy. */
export type CopyRequest = CopyTerms & {
  /** Id of the request: what a promise answers and a release ends. */
  readonly request: string
  /** When it was signed, milliseconds since 1970. */
  readonly timeMs: number
  /** All of the item before its data, or the transaction's JSON without it. */
  readonly header: Uint8Array
}

/** A keeper has the data, durably, and keeps it. */
export type CopyPromise = CopyTerms & { readonly request: string }

/** A placer needs a copy no more. */
export type CopyRelease = {
  readonly placer: string
  readonly keeper: string
  readonly request: string
}

const names = {
  keeper: 'Copy-Keeper',
  placer: 'Copy-Placer',
  item: 'Copy-Item',
  root: 'Copy-Root',
  size: 'Copy-Size',
  until: 'Copy-Until',
  time: 'Copy-Time',
  request: 'Copy-Request',
} as const

/**
 * The draft of a request, for the placer to sign; `nonce` is 32 random bytes, so that each is new.
 * Throws `copy-statement`.
 */
export function copyRequestDraft(
  terms: Omit<CopyTerms, 'placer'>,
  said: Pick<CopyRequest, 'timeMs' | 'header'> & { readonly nonce: Uint8Array },
): ItemDraft {
  const { timeMs, header, nonce } = said
  if (header.length > copyLimits.headerBytes) throw copyStatementInvalid('the header is too large')
  const tags: Said[] = [
    ...termTags(terms),
    [names.keeper, terms.keeper],
    [names.time, String(timeMs)],
  ]
  return statementDraft(statementTypes.request, tags, { anchor: nonce, data: header })
}

/** The request in an opened statement; undefined where it is none. */
export function readCopyRequest(item: Item, engine: CryptoEngine): CopyRequest | undefined {
  const terms = readTerms(item)
  const keeper = idTag(item, names.keeper)
  const timeMs = numberTag(item, names.time, retentionLimits.untilMs)
  const isOne = isStatement(item, statementTypes.request)
  const isShort = item.data.length <= copyLimits.headerBytes
  if (!isOne || !isShort || !terms || keeper === undefined || timeMs === undefined) return undefined
  const placer = ownerAddress(item, engine)
  return { ...terms, keeper, placer, request: item.id, timeMs, header: item.data }
}

/** The draft of a promise that answers a request, for the keeper to sign. */
export function copyPromiseDraft(request: Omit<CopyRequest, 'header' | 'timeMs'>): ItemDraft {
  const tags: Said[] = [
    ...termTags(request),
    [names.placer, request.placer],
    [names.request, request.request],
  ]
  return statementDraft(statementTypes.promise, tags)
}

/** The promise in an opened statement; undefined where it is none. */
export function readCopyPromise(item: Item, engine: CryptoEngine): CopyPromise | undefined {
  const terms = readTerms(item)
  const placer = idTag(item, names.placer)
  const request = idTag(item, names.request)
  const isOne = isStatement(item, statementTypes.promise)
  if (!isOne || !terms || placer === undefined || request === undefined) return undefined
  return { ...terms, keeper: ownerAddress(item, engine), placer, request }
}

/** Tells whether a promise is for all of these terms, and for the request that asked for it. */
export function keepsTerms(promise: CopyPromise, terms: CopyTerms, request: string): boolean {
  return (
    promise.request === request &&
    promise.keeper === terms.keeper &&
    promise.placer === terms.placer &&
    promise.item === terms.item &&
    promise.dataRoot === terms.dataRoot &&
    promise.sizeBytes === terms.sizeBytes &&
    promise.untilMs === terms.untilMs
  )
}

/** The draft of a release, for the placer to sign: of one request, so that repeating it ends no other. */
export function copyReleaseDraft({ keeper, request }: Omit<CopyRelease, 'placer'>): ItemDraft {
  if (!isId(keeper) || !isId(request)) throw copyStatementInvalid('a release names two ids')
  const tags = [
    [names.keeper, keeper],
    [names.request, request],
  ] as const
  return statementDraft(statementTypes.release, tags)
}

/** The release in an opened statement; undefined where it is none. */
export function readCopyRelease(item: Item, engine: CryptoEngine): CopyRelease | undefined {
  const keeper = idTag(item, names.keeper)
  const request = idTag(item, names.request)
  const isOne = isStatement(item, statementTypes.release)
  if (!isOne || keeper === undefined || request === undefined) return undefined
  return { placer: ownerAddress(item, engine), keeper, request }
}

type Said = readonly [name: string, value: string]
type Data = Pick<CopyTerms, 'item' | 'dataRoot' | 'sizeBytes' | 'untilMs'>

function termTags({ item, dataRoot, sizeBytes, untilMs }: Data): Said[] {
  const isData = isId(item) && isId(dataRoot) && Number.isSafeInteger(sizeBytes) && sizeBytes > 0
  if (!isData) throw copyStatementInvalid('a copy is of at least one byte under an id and a root')
  const until: Said[] = untilMs === undefined ? [] : [[names.until, String(untilMs)]]
  return [[names.item, item], [names.root, dataRoot], [names.size, String(sizeBytes)], ...until]
}

function readTerms(item: Item): Data | undefined {
  const id = idTag(item, names.item)
  const dataRoot = idTag(item, names.root)
  const sizeBytes = numberTag(item, names.size, Number.MAX_SAFE_INTEGER)
  const hasUntil = item.tags.some(({ name }) => name === names.until)
  const untilMs = hasUntil ? numberTag(item, names.until, retentionLimits.untilMs) : undefined
  if (id === undefined || dataRoot === undefined || !sizeBytes) return undefined
  // A time that cannot be read must not pass for ever.
  if (hasUntil && untilMs === undefined) return undefined
  return { item: id, dataRoot, sizeBytes, ...(untilMs === undefined ? {} : { untilMs }) }
}
