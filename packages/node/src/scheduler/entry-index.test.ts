import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { encodeBase64Url } from '@heddle/protocol/base'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createRuntime, type Timer } from '../runtime/index.ts'
import { EntryIndex } from './entry-index.ts'
import { openIndexFile } from './index-schema.ts'
import { newFolder } from './testing/fixture.ts'

const { disk } = createRuntime()
const limits = { indexBatchRows: 100, indexDelayMs: 50, indexPendingMax: 200 }

/** A timer a test moves by hand. */
class HandTimer implements Timer {
  readonly waiting: { delayMs: number; run: () => void }[] = []
  after(delayMs: number, run: () => void) {
    const entry = { delayMs, run }
    this.waiting.push(entry)
    return () => void this.waiting.splice(this.waiting.indexOf(entry), 1)
  }
  async sleep() {}
  fire() {
    for (const { run } of this.waiting.splice(0)) run()
  }
}

let folder: string
let timer: HandTimer
let database: DatabaseSync
let index: EntryIndex
beforeEach(async () => {
  folder = await newFolder()
  timer = new HandTimer()
  await open()
})
afterEach(async () => {
  index.close()
  await rm(folder, { recursive: true, force: true })
})

async function open() {
  database = await openIndexFile(join(folder, 'ids.sqlite'), disk)
  index = new EntryIndex(database, timer, limits)
}

function id(kind: number, at: number): string {
  const bytes = new Uint8Array(32).fill(kind)
  new DataView(bytes.buffer).setUint32(0, at)
  return encodeBase64Url(bytes)
}

const processId = id(0, 0)

function add(slot: number, process = processId) {
  const deliveryKey = slot % 2 === 0 ? id(3, slot) : undefined
  index.add({
    processId: process,
    slot,
    messageId: id(1, slot),
    assignmentId: id(2, slot),
    deliveryKey,
  })
}

function expectFound(slot: number) {
  expect(index.slotOf(processId, id(1, slot))).toBe(slot)
  expect(index.slotOf(processId, id(2, slot))).toBe(slot)
  expect(index.placeOf(id(1, slot))).toEqual({ processId, slot })
  expect(index.deliverySlot(processId, id(3, slot))).toBe(slot % 2 === 0 ? slot : undefined)
}

test('finds rows before and after they are written, and after the file is opened again', async () => {
  for (let slot = 0; slot < 7; slot++) add(slot)
  for (let slot = 0; slot < 7; slot++) expectFound(slot)
  expect(index.slotOf(processId, id(1, 7))).toBeUndefined()
  timer.fire()
  expect([...index.heads()]).toEqual([{ processId, slot: 7 }])
  index.close()
  await open()
  for (let slot = 0; slot < 7; slot++) expectFound(slot)
  expect(index.head(processId)).toBe(7)
})

test('one id may have slots in several processes', () => {
  const other = id(9, 9)
  add(0)
  timer.fire()
  add(0, other)
  expect(index.slotOf(processId, id(1, 0))).toBe(0)
  expect(index.slotOf(other, id(1, 0))).toBe(0)
  expect(index.placeOf(id(1, 0))).toEqual({ processId, slot: 0 })
})

test('rows of a process come in order, or not at all', () => {
  add(0)
  expect(() => add(2)).toThrow('in order')
  expect(() => add(0)).toThrow('in order')
  expect(index.head(processId)).toBe(1)
})

test('writes at once when a batch is full', () => {
  for (let slot = 0; slot < 100; slot++) add(slot)
  expect([...index.heads()]).toEqual([{ processId, slot: 100 }])
  expect(timer.waiting).toEqual([])
})

test('keeps rows while the file cannot grow, refuses at the limit, writes them later', () => {
  database.exec('pragma max_page_count = 1')
  const { max_page_count: pages } = database.prepare('pragma max_page_count').get() ?? {}
  for (let slot = 0; slot < 100; slot++) add(slot)
  expect([...index.heads()]).toEqual([])
  index.assertRoom()
  for (let slot = 100; slot < 200; slot++) add(slot)
  for (let slot = 0; slot < 200; slot++) expectFound(slot)
  expect(() => index.assertRoom()).toThrow('database or disk is full')
  expect(timer.waiting.length).toBe(1)
  timer.fire()
  expect(timer.waiting.map(({ delayMs }) => delayMs)).toEqual([500])
  database.exec(`pragma max_page_count = ${Number(pages) + 1000}`)
  timer.fire()
  index.assertRoom()
  expect([...index.heads()]).toEqual([{ processId, slot: 200 }])
  for (let slot = 0; slot < 200; slot++) expectFound(slot)
})

test('starts anew where the file is of another version', async () => {
  add(0)
  index.flush()
  database.exec('pragma user_version = 77')
  index.close()
  await open()
  expect(index.head(processId)).toBe(0)
})
