import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createRuntime, nodeCrypto } from '../../runtime/index.ts'
import { type Catalog, openCatalog } from './catalog.ts'
import { type CatalogSlot, part, pendingHeight } from './location.ts'
import { TermMaker } from './terms.ts'

const { disk } = createRuntime()
const terms = new TermMaker(nodeCrypto)
let folder: string
let path: string
let catalog: Catalog

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heddle-catalog-'))
  path = join(folder, 'items.sqlite')
  catalog = await openCatalog(path, disk, new Map())
})
afterEach(async () => {
  await catalog.close()
  await rm(folder, { recursive: true })
})

const idOf = (n: number) => nodeCrypto.sha256(Uint8Array.of(n, n >> 8))

function keptSlot(n: number, timeMs = 1_700_000_000_000): CatalogSlot {
  const row = {
    id: idOf(n),
    timeMs,
    height: undefined,
    parent: undefined,
    part: part.kept,
    offset: 0,
    length: 10,
    terms: [terms.tag('Number', String(n)), terms.tag('App', 'test')],
  }
  return { slot: n, keptId: row.id, rows: [row] }
}

test('items of one millisecond keep the order of their log', () => {
  catalog.write('items', [keptSlot(0), keptSlot(1), keptSlot(2)], 3)
  const places = [0, 1, 2].map((n) => catalog.find(idOf(n))?.seq ?? 0)
  expect(places).toEqual([...places].sort((a, b) => a - b))
  expect(new Set(places).size).toBe(3)
})

test('an id is indexed where it was first seen', () => {
  catalog.write('items', [keptSlot(0)], 1)
  const [row] = keptSlot(0).rows
  if (row === undefined) throw new Error('no row')
  catalog.write('process', [{ slot: 5, rows: [{ ...row, height: 7, part: part.message }] }], 6)
  expect(catalog.find(idOf(0))?.location).toMatchObject({ log: 'items', slot: 0 })
  expect(catalog.progress('process')).toBe(6)
})

test('the first block that holds an item counts, before or after it is kept', () => {
  catalog.settle([{ height: 3, ids: [idOf(1)] }], 'blocks')
  catalog.settle([{ height: 4, ids: [idOf(1), idOf(0)] }], 'blocks')
  catalog.write('items', [keptSlot(0)], 1)
  expect(catalog.orderedHeight(idOf(1))).toBe(3)
  expect(catalog.isKept(idOf(1))).toBe(false)
  expect(catalog.unordered()).toEqual([])
  catalog.write('items', [keptSlot(2)], 3)
  expect(catalog.find(idOf(2))?.height).toBe(pendingHeight)
  expect(catalog.unordered()).toEqual([idOf(2)])
  catalog.settle([{ height: 5, ids: [idOf(2)] }], 'blocks')
  catalog.settle([{ height: 6, ids: [idOf(2)] }], 'blocks')
  expect(catalog.find(idOf(2))?.height).toBe(5)
  expect(catalog.unordered()).toEqual([])
})

test('a write that fails leaves nothing of itself', () => {
  const bad = keptSlot(1)
  // To SQLite NaN is NULL, which no column but parent takes.
  const broken = { ...bad, slot: Number.NaN }
  expect(() => catalog.write('items', [keptSlot(0), broken], 2)).toThrow()
  expect(catalog.find(idOf(0))).toBeUndefined()
  expect(catalog.progress('items')).toBe(0)
})

test('the write-ahead log is emptied while writing goes on', async () => {
  let largest = 0
  for (let n = 0; n < 300; n++) {
    catalog.write('items', [keptSlot(n)], n + 1)
    await catalog.rest()
    largest = Math.max(largest, (await stat(`${path}-wal`)).size)
  }
  expect(largest).toBeLessThan(4 * 1024 * 1024)
  expect((await stat(path)).size).toBeGreaterThan(8192)
})

test('an index that has seen more than its logs hold is made anew', async () => {
  catalog.write('items', [keptSlot(0), keptSlot(1)], 2)
  await catalog.close()
  catalog = await openCatalog(path, disk, new Map([['items', 2]]))
  expect(catalog.progress('items')).toBe(2)
  await catalog.close()
  catalog = await openCatalog(path, disk, new Map([['items', 1]]))
  expect(catalog.progress('items')).toBe(0)
})
