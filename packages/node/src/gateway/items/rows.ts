import { type Item, parseItem } from '@heddle/protocol/item'
import type { LogEntry } from '@heddle/protocol/message'
import type { LogRecord } from '../../journal/index.ts'
import type { ItemsDeps } from '../ports.ts'
import type { Catalog } from './catalog.ts'
import { idBytes } from './id.ts'
import { type CatalogRow, type CatalogSlot, part } from './location.ts'
import { decodeRecord } from './record.ts'
import type { TermMaker } from './terms.ts'
import { type UnpackLimits, unpackBundle } from './unpack.ts'

/** Index rows of one kept item and of everything bundled in it. */
export async function keptRows(
  record: LogRecord,
  deps: Pick<ItemsDeps, 'engine' | 'verify'>,
  catalog: Catalog,
  terms: TermMaker,
  limits: UnpackLimits,
): Promise<CatalogSlot> {
  const { item: bytes, arrivedMs } = decodeRecord(record.bytes)
  const root = parseItem(bytes, deps.engine)
  const keptId = idBytes(root.id)
  const height = catalog.orderedHeight(keptId)
  const common = { timeMs: arrivedMs, height, part: part.kept }
  const rows: CatalogRow[] = [
    {
      ...common,
      id: keptId,
      parent: undefined,
      offset: 0,
      length: bytes.length,
      terms: terms.ofItem(root, undefined),
    },
  ]
  for (const inner of await unpackBundle(root, deps.engine, deps.verify, limits)) {
    rows.push({
      ...common,
      id: idBytes(inner.item.id),
      parent: idBytes(inner.parentId),
      offset: inner.offset,
      length: inner.length,
      terms: terms.ofItem(inner.item, inner.parentId),
    })
  }
  return { slot: record.slot, keptId, rows }
}

/** Index rows of one slot of a process: its assignment, and its message where it came along. */
export function entryRows(entry: LogEntry, terms: TermMaker): CatalogSlot {
  const { assignment, message } = entry
  const row = (item: Item, which: CatalogRow['part']): CatalogRow => ({
    id: idBytes(item.id),
    timeMs: assignment.timestampMs,
    height: assignment.blockHeight,
    parent: undefined,
    part: which,
    offset: 0,
    length: item.bytes.length,
    terms: terms.ofItem(item, undefined),
  })
  const rows = [row(assignment.item, part.assignment)]
  if (message !== undefined) rows.push(row(message, part.message))
  return { slot: assignment.slot, rows }
}
