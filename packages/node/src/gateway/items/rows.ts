import { transactionOwner, transactionTags } from '@heddle/protocol/arweave'
import { encodeBase64Url } from '@heddle/protocol/base'
import { parseItem, tagValue } from '@heddle/protocol/item'
import type { LogEntry } from '@heddle/protocol/message'
import { parseRetention } from '@heddle/protocol/params'
import { part } from '../catalog/location.ts'
import type { RowPacker, RowSource } from '../catalog/row-batch.ts'
import type { ItemsDeps } from '../ports.ts'
import { isDataFault } from './data-fault.ts'
import type { Holding } from './holding.ts'
import { holdRecord } from './reader.ts'
import { decodeRecord, type KeptRecord } from './record.ts'
import { type Unpacking, type UnpackLimits, unpackBundle } from './unpack.ts'

/** Rows of one message to the catalog; a bundle of more takes several. */
const rowsAtOnce = 2000

/** Where rows go: `flush` sends what is packed without moving the log's progress. */
export type RowSink = { readonly rows: RowPacker; flush(): Promise<void> }

type KeptDeps = Pick<ItemsDeps, 'engine' | 'verify' | 'store' | 'log' | 'onFault'> & {
  /** The record of the items log at a slot. */
  record(slot: number): Promise<Uint8Array | undefined>
}

/**
 * Adds what one record brings: its item or transaction, and everything bundled in it once its data
 * is here. Returns the id kept, if the record keeps one.
 */
export async function addKeptRows(
  sink: RowSink,
  record: { readonly slot: number; readonly bytes: Uint8Array },
  deps: KeptDeps,
  limits: UnpackLimits,
): Promise<string | undefined> {
  const { kept, arrivedMs } = decodeRecord(record.bytes)
  if (kept.kind === 'seeded') {
    const bytes = await deps.record(kept.slot)
    if (bytes === undefined) return undefined
    const before = decodeRecord(bytes)
    const root = rootOf(before.kept, kept.slot, arrivedMs, deps)
    if (root !== undefined) await addRoot(sink, { ...root, seeded: true }, deps, limits)
    return undefined
  }
  const root = rootOf(kept, record.slot, arrivedMs, deps)
  if (root !== undefined) await addRoot(sink, root, deps, limits)
  return root?.holding.id
}

/** What a record keeps. `base` is where its data starts in what rows' offsets count from. */
type Root = {
  readonly holding: Holding
  readonly source: RowSource
  readonly base: number
  readonly seeded: boolean
}

function rootOf(kept: KeptRecord, slot: number, timeMs: number, deps: KeptDeps): Root | undefined {
  const holding = holdRecord(kept, deps)
  if (holding === undefined) return undefined
  const headerBytes = holding.item ? holding.item.bytes.length - holding.data.sizeBytes : 0
  // Records of the journal are never removed, only what is in the store.
  const untilMs = holding.data.bytes === undefined ? untilOf(holding) : undefined
  const source = { slot, timeMs, untilMs, part: part.kept, offset: 0 }
  const length = headerBytes + holding.data.sizeBytes
  const seeded = kept.kind !== 'transaction' || holding.data.bytes !== undefined
  return { holding, source: { ...source, length }, base: headerBytes, seeded }
}

/** Until when data is kept that has this holding alone; undefined: for ever. */
function untilOf({ tags }: Holding): number | undefined {
  try {
    return parseRetention(tags).untilMs
  } catch {
    // Taken from another node, whose word for it counts.
    return undefined
  }
}

async function addRoot(
  sink: RowSink,
  { holding, source, base, seeded }: Root,
  { engine, verify, log, onFault }: KeptDeps,
  limits: UnpackLimits,
): Promise<void> {
  const add = () => addRootRow(sink.rows, holding, source, seeded, engine)
  add()
  if (!seeded || isOfLog(holding, log)) return
  const { slot, timeMs, untilMs } = source
  const inner = { slot, timeMs, untilMs }
  // What lies in an item of the journal is cut out of its bytes, all else out of the data.
  const within = holding.item === undefined ? part.inData : part.kept
  const unpacking: Unpacking = {
    engine,
    verify,
    limits,
    async take({ item, parentId, offset, length }) {
      if (sink.rows.rows >= rowsAtOnce) {
        await sink.flush()
        // The first row of a slot says which item its height is asked of.
        add()
      }
      const at = { ...inner, part: within, offset: base + offset, length, parentId }
      sink.rows.addItem(item, at)
    },
  }
  try {
    await unpackBundle(holding, holding.data, unpacking)
  } catch (error) {
    // A bundle whose bytes cannot be had must not keep all that came after it from being found.
    if (!isDataFault(error)) throw error
    onFault(`opening bundle ${holding.id}`, error)
  }
}

/**
 * A rollup of a log that is here holds what is indexed from the log itself (spec/09-rollup.md §5):
 * there a message has the height its assignment states.
 */
function isOfLog({ tags }: Holding, log: ItemsDeps['log']): boolean {
  if (tagValue(tags, 'Type') !== 'Log-Rollup') return false
  const toSlot = Number(tagValue(tags, 'To-Slot') ?? Number.NaN)
  return log.head(tagValue(tags, 'Process') ?? '') > toSlot
}

function addRootRow(
  rows: RowPacker,
  { id, item, header, data, transaction }: Holding,
  source: RowSource,
  seeded: boolean,
  engine: ItemsDeps['engine'],
): void {
  if (item !== undefined) rows.addItem(item, source)
  if (header !== undefined) rows.addItem(parseItem(header, engine), source)
  if (transaction === undefined) return
  const { target, dataRoot, dataSizeBytes } = transaction
  const described = {
    id,
    owner: transactionOwner(transaction, engine),
    target: encodeBase64Url(target),
    tags: transactionTags(transaction),
    dataRoot: encodeBase64Url(dataRoot),
    dataSizeBytes,
  }
  rows.addTransaction(described, seeded ? { ...source, weaveBytes: data.sizeBytes } : source)
}

/** Adds one slot of a process: its assignment, and its message where it came along. */
export function addEntryRows(rows: RowPacker, { assignment, message }: LogEntry): void {
  const common = {
    slot: assignment.slot,
    offset: 0,
    timeMs: assignment.timestampMs,
    height: assignment.blockHeight,
  }
  const { item } = assignment
  rows.addItem(item, { ...common, part: part.assignment, length: item.bytes.length })
  if (message === undefined) return
  rows.addItem(message, { ...common, part: part.message, length: message.bytes.length })
}
