import {
  DataRootBuilder,
  parseTransaction,
  transactionOwner,
  transactionTags,
  verifyTransaction,
} from '@heddle/protocol/arweave'
import { concatBytes, equalBytes, isHeddleError, isId } from '@heddle/protocol/base'
import { portableCrypto, type StreamHash } from '@heddle/protocol/crypto'
import { type Item, ownerAddress, parseItem, type Tag, verifyItem } from '@heddle/protocol/item'
import { idInvalid, itemForged } from '../errors.ts'
import type { Transport } from '../transport.ts'
import { dataCut, dataForged, resumeTooLong } from './errors.ts'

/** How data come, and what of them is here already. */
export type DownloadInput = {
  readonly signal?: AbortSignal
  /** What an earlier try brought, from the first byte on: it is checked again, not asked for again. */
  readonly already?: AsyncIterable<Uint8Array>
  /** Told how many bytes of the data are here. */
  readonly onProgress?: (doneBytes: number, sizeBytes: number) => void
}

/** Something kept, its data still to come. */
export type Download = {
  readonly id: string
  /** An item, or a layer-1 transaction. */
  readonly kind: 'item' | 'transaction'
  /** Address of who signed it. */
  readonly owner: string
  readonly tags: readonly Tag[]
  readonly sizeBytes: number
  /**
   * The data behind what was there `already`, to be read once. Its last piece comes only after
   * signature or data root held: where they do not, it ends with `item-forged` instead, and what came
   * before must be thrown away. Rejects with `answer-cut` where the connection broke: resume then.
   */
  readonly data: AsyncIterable<Uint8Array>
}

export type DownloadDeps = {
  readonly transport: Transport
  readonly startSha384: () => StreamHash
}

/** Above every header an item can have. */
const headBytes = 8192
/** `{` */
const objectBegin = 0x7b

/** Opens the data of an item or transaction. Rejects with `id-invalid`, or as the node refuses. */
export async function download(
  deps: DownloadDeps,
  id: string,
  input: DownloadInput = {},
): Promise<Download> {
  if (!isId(id)) throw idInvalid('kept item', id)
  try {
    return await downloadItem(deps, id, input)
  } catch (error) {
    // A transaction has no form in which it could be served whole.
    if (!isHeddleError(error) || error.kind !== 'missing') throw error
    return await downloadTransaction(deps, id, input).catch((second: unknown) => {
      throw isHeddleError(second) && second.kind === 'missing' ? error : second
    })
  }
}

async function downloadItem(
  deps: DownloadDeps,
  id: string,
  input: DownloadInput,
): Promise<Download> {
  const { transport, startSha384 } = deps
  const path = `/item/${id}`
  const { bytes, wholeBytes } = await readHead(transport, path, input.signal)
  // Nodes give small transactions here too, as JSON; no item begins like that.
  if (bytes[0] === objectBegin) return await downloadTransaction(deps, id, input)
  const item = parse(bytes)
  if (item?.id !== id) throw itemForged(id, transport.url)
  const headerBytes = bytes.length - item.data.length
  const hash = startSha384()
  const sizeBytes = wholeBytes - headerBytes
  const check = {
    take: (piece: Uint8Array) => hash.update(piece),
    holds: () =>
      verifyItem({ ...item, data: { sizeBytes, sha384: hash.digest() } }, portableCrypto),
  }
  const here = bytes.length === wholeBytes ? { here: item.data } : {}
  const from = { path, offset: headerBytes, sizeBytes, ...here }
  return {
    id,
    kind: 'item',
    owner: ownerAddress(item, portableCrypto),
    tags: item.tags,
    sizeBytes,
    data: checkedData(transport, id, from, check, input),
  }
}

async function downloadTransaction(
  { transport }: DownloadDeps,
  id: string,
  input: DownloadInput,
): Promise<Download> {
  const answer = await transport.get(`/tx/${id}`, input.signal)
  const transaction = parseTransaction(answer.json())
  const isNamed = transaction.id === id
  if (!isNamed || !(await verifyTransaction(transaction, portableCrypto))) {
    throw itemForged(id, transport.url)
  }
  const { dataRoot, dataSizeBytes: sizeBytes, data, format } = transaction
  const root = new DataRootBuilder(portableCrypto)
  const check = {
    take: (piece: Uint8Array) => void root.push(piece),
    holds: async () => equalBytes(root.end().tree.root, dataRoot),
  }
  const from = { path: `/raw/${id}`, offset: 0, sizeBytes }
  return {
    id,
    kind: 'transaction',
    owner: transactionOwner(transaction, portableCrypto),
    tags: transactionTags(transaction),
    sizeBytes,
    // In format 1 the signature covers the data itself, which came along.
    data: format === 1 ? oneOf(data) : checkedData(transport, id, from, check, input),
  }
}

type Place = {
  readonly path: string
  readonly offset: number
  readonly sizeBytes: number
  /** All of the data, where it came with the header. */
  readonly here?: Uint8Array
}

type Check = { take(piece: Uint8Array): void; holds(): Promise<boolean> }

async function* checkedData(
  transport: Transport,
  id: string,
  place: Place,
  check: Check,
  { already, onProgress, signal }: DownloadInput,
): AsyncGenerator<Uint8Array> {
  const { sizeBytes } = place
  let done = 0
  const take = (piece: Uint8Array) => {
    done += piece.length
    check.take(piece)
    onProgress?.(done, sizeBytes)
  }
  for await (const piece of already ?? []) {
    take(piece)
    if (done > sizeBytes) throw resumeTooLong(id, done, sizeBytes)
  }
  let held: Uint8Array | undefined
  if (done < sizeBytes) {
    const cut = () => dataCut(id, done, sizeBytes)
    for await (const piece of readFrom(transport, place, done, cut, signal)) {
      if (held !== undefined) yield held
      take(piece)
      if (done > sizeBytes) throw dataForged(id, transport.url)
      held = piece
    }
    if (done < sizeBytes) throw dataCut(id, done, sizeBytes)
  }
  if (!(await check.holds())) throw dataForged(id, transport.url)
  if (held !== undefined) yield held
}

/** The data from a byte on, of a node that may not know ranges. */
async function* readFrom(
  transport: Transport,
  { path, offset, here }: Place,
  fromByte: number,
  cut: () => Error,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  if (here !== undefined) {
    yield here.subarray(fromByte)
    return
  }
  const headers = { range: `bytes=${offset + fromByte}-` }
  const reply = await transport.open(path, { headers, ...(signal && { signal }) })
  let skip = reply.status === 206 ? 0 : offset + fromByte
  for await (const piece of piecesOf(reply, cut, signal)) {
    const rest = piece.subarray(skip)
    skip -= piece.length - rest.length
    if (rest.length > 0) yield rest
  }
}

/** The pieces of a reply; a broken connection is told as such. */
async function* piecesOf(
  reply: Response,
  cut: () => Error,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const reader = reply.body?.getReader()
  if (reader === undefined) return
  try {
    for (;;) {
      const read = await reader.read().catch(() => {
        signal?.throwIfAborted()
        throw cut()
      })
      if (read.done) return
      yield read.value
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

async function* oneOf(data: Uint8Array): AsyncGenerator<Uint8Array> {
  if (data.length > 0) yield data
}

/** The first bytes of a reply, and how many there are in all. */
async function readHead(transport: Transport, path: string, signal: AbortSignal | undefined) {
  const headers = { range: `bytes=0-${headBytes - 1}` }
  const reply = await transport.open(path, { headers, ...(signal && { signal }) })
  const range = /\/(\d{1,15})$/.exec(reply.headers.get('content-range') ?? '')?.[1]
  const whole = range ?? reply.headers.get('content-length') ?? undefined
  const parts: Uint8Array[] = []
  let length = 0
  const cut = () => dataCut(path, length, headBytes)
  for await (const piece of piecesOf(reply, cut, signal)) {
    parts.push(piece)
    length += piece.length
    if (length > headBytes) break
  }
  const bytes = concatBytes(parts).subarray(0, headBytes)
  return { bytes, wholeBytes: whole === undefined ? bytes.length : Number(whole) }
}

function parse(bytes: Uint8Array): Item | undefined {
  try {
    return parseItem(bytes, portableCrypto)
  } catch {
    return undefined
  }
}
