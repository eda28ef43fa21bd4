import { assert, decodeText, encodeBase64Url, encodeText } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import { type Item, parseItem, type Tag } from '@heddle/protocol/item'
import { idBytes } from './id.ts'
import type { CatalogRow, CatalogSlot, Part } from './location.ts'
import type { TermMaker } from './terms.ts'

/**
 * Items to be indexed, on their way to the catalog's thread: their headers (all before the data)
 * one after another, and `columns` numbers per item. Both are made for the message and transferred.
 */
export type RowBatch = {
  readonly headers: Uint8Array<ArrayBuffer>
  readonly numbers: Float64Array<ArrayBuffer>
}

/** What is written of one item. */
export type RowSource = {
  readonly slot: number
  readonly part: Part
  readonly offset: number
  readonly length: number
  readonly timeMs: number
  /** Undefined where the base layer is to say. */
  readonly height?: number | undefined
  /** Id of the bundle it came in. */
  readonly parentId?: string | undefined
  /** Until when what it lies in is kept; absent: for ever. */
  readonly untilMs?: number | undefined
  /** Set once all data of a layer-1 transaction is here: it then has its place in the weave. */
  readonly weaveBytes?: number
}

/** What a layer-1 transaction is found by; its format is not an item's. */
export type TransactionHeader = {
  readonly id: string
  /** Address of its signer. */
  readonly owner: string
  readonly target: string
  readonly tags: readonly Tag[]
  /** Names its data, see `TermMaker.data`; empty without any. */
  readonly dataRoot: string
  readonly dataSizeBytes: number
}

const columns = 11
/** An id before a header. */
const parentBytes = 32
const headerKind = { item: 0, transaction: 1 } as const

/** Collects rows for one message. */
export class RowPacker {
  readonly #headers: Uint8Array[] = []
  readonly #numbers: number[] = []
  #bytes = 0
  #rows = 0

  /** Number of rows so far. */
  get rows(): number {
    return this.#rows
  }

  /** An item, or its header alone. */
  addItem(item: Pick<Item, 'bytes' | 'data'>, source: RowSource): void {
    // Copied: a view, as `slice` is of a Buffer, would keep all of the data in memory until the rows are sent.
    const header = new Uint8Array(item.bytes.subarray(0, item.bytes.length - item.data.length))
    this.#add(headerKind.item, header, source)
  }

  addTransaction(header: TransactionHeader, source: RowSource): void {
    this.#add(headerKind.transaction, encodeText(JSON.stringify(header)), source)
  }

  finish(): RowBatch {
    const headers = new Uint8Array(this.#bytes)
    let at = 0
    for (const header of this.#headers) {
      headers.set(header, at)
      at += header.length
    }
    return { headers, numbers: Float64Array.from(this.#numbers) }
  }

  #add(kind: number, header: Uint8Array, source: RowSource): void {
    const { slot, part, offset, length, timeMs, height = -1, parentId, weaveBytes = 0 } = source
    const { untilMs = -1 } = source
    if (parentId !== undefined) this.#push(idBytes(parentId))
    this.#push(header)
    const numbers = [kind, this.#bytes, slot, part, offset, length, timeMs, height]
    this.#numbers.push(...numbers, parentId === undefined ? 0 : 1, weaveBytes, untilMs)
    this.#rows++
  }

  #push(bytes: Uint8Array): void {
    this.#headers.push(bytes)
    this.#bytes += bytes.length
  }
}

/**
 * The rows of a batch with their terms, by slot. A row without a height gets what `heightOf` says
 * of the first item of its slot: blocks order kept items, and with them all they hold.
 */
export function unpackRows(
  batch: RowBatch,
  engine: CryptoEngine,
  terms: TermMaker,
  heightOf: (keptId: Uint8Array) => number | undefined,
): CatalogSlot[] {
  const slots: SlotRows[] = []
  let start = 0
  for (let at = 0; at < batch.numbers.length; at += columns) {
    const [kind, end = 0, slot = 0, part, offset = 0, length = 0, timeMs = 0, ...more] =
      batch.numbers.subarray(at, at + columns)
    const [height = -1, hasParent, weaveBytes = 0, untilMs = -1] = more
    const parent = hasParent === 1 ? batch.headers.subarray(start, start + parentBytes) : undefined
    const header = batch.headers.subarray(start + (parent?.length ?? 0), end)
    start = end
    const found = kind === headerKind.item ? readItem(header, engine) : readTransaction(header)
    const id = idBytes(found.id)
    let last = slots.at(-1)
    if (last?.slot !== slot) {
      last = height < 0 ? { slot, rows: [], keptId: id, height: heightOf(id) } : { slot, rows: [] }
      slots.push(last)
    }
    if (weaveBytes > 0) last.weaveBytes = weaveBytes
    last.rows.push({
      id,
      timeMs,
      height: height < 0 ? last.height : height,
      parent,
      part: part as Part,
      offset,
      length,
      untilMs: untilMs < 0 ? undefined : untilMs,
      terms: found.terms(terms, parent && encodeBase64Url(parent)),
    })
  }
  return slots
}

type SlotRows = CatalogSlot & {
  readonly rows: CatalogRow[]
  readonly height?: number | undefined
  weaveBytes?: number
}

type Described = { readonly id: string; terms(maker: TermMaker, parent?: string): Uint8Array[] }

function readItem(header: Uint8Array, engine: CryptoEngine): Described {
  const item = parseItem(header, engine)
  const owner = encodeBase64Url(engine.sha256(item.owner))
  const target = item.target.length > 0 ? encodeBase64Url(item.target) : ''
  return {
    id: item.id,
    terms: (maker, parent) => maker.ofParts({ owner, target, tags: item.tags }, parent),
  }
}

function readTransaction(header: Uint8Array): Described {
  const parts: TransactionHeader = JSON.parse(decodeText(header))
  assert(parts.id.length === 43, 'a transaction is named by 32 bytes')
  const { dataRoot, dataSizeBytes } = parts
  return {
    id: parts.id,
    terms: (maker, parent) => [
      ...maker.ofParts(parts, parent),
      ...(dataRoot === '' ? [] : [maker.data(dataRoot, dataSizeBytes)]),
    ],
  }
}
