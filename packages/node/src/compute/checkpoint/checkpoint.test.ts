import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createRuntime, nodeCrypto } from '../../runtime/index.ts'
import { imagePageBytes, type MemoryImage } from '../guest/ports.ts'
import { Checkpoints, type StoredCheckpoint } from './checkpoints.ts'
import { decodeCheckpointRecords } from './record.ts'
import { type RestoredState, StoredPages } from './stored-pages.ts'
import { unpackCheckpoint } from './unpack.ts'

const processId = `${'P'.repeat(42)}E`
const moduleId = `${'M'.repeat(42)}E`
const memoryBytes = 4 * 65_536
const chain = new Uint8Array(32).fill(7)

let root: string
let folder: string
let checkpoints: Checkpoints

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'heddle-checkpoint-'))
  folder = join(root, 'c')
  checkpoints = await Checkpoints.open(folder, createRuntime().disk, nodeCrypto)
})

afterEach(async () => {
  await rm(root, { recursive: true })
})

/** A memory whose page p is filled with `pages[p]`; 0 is a page of zeros. */
function imageOf(pages: readonly number[], hostState = Uint8Array.of(1, 2, 3)): MemoryImage {
  const used = pages.flatMap((value, page) => (value === 0 ? [] : [{ page, value }]))
  const bytes = new Uint8Array(used.length * imagePageBytes)
  used.forEach(({ value }, i) => {
    bytes.fill(value, i * imagePageBytes, (i + 1) * imagePageBytes)
  })
  const indexes = Uint32Array.from(used.map(({ page }) => page))
  return { byteLength: memoryBytes, indexes, pages: bytes, hostState }
}

function wanted(slotMax: number, trusted = chain) {
  return { processId, moduleId, slotMax, chainBefore: async () => trusted }
}

async function save(
  stored: StoredPages,
  image: MemoryImage,
  nextSlot: number,
  restored?: RestoredState,
): Promise<number> {
  const delta = stored.pack(image, nextSlot, restored)
  const at = await checkpoints.write({ processId, moduleId }, delta, chain)
  stored.confirm(nextSlot, at)
  return delta.newPages
}

function unpacked(checkpoint: StoredCheckpoint | undefined): MemoryImage | undefined {
  return checkpoint && unpackCheckpoint(checkpoint, memoryBytes).image
}

async function file(): Promise<string> {
  return join(folder, (await readdir(folder))[0] ?? '')
}

test('any run of states comes back, each carrying only the pages that are new', async () => {
  const state = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 20 })
  await fc.assert(
    fc.asyncProperty(fc.array(state, { minLength: 1, maxLength: 30 }), async (states) => {
      await checkpoints.remove(processId)
      let stored = new StoredPages(undefined)
      for (const [i, pages] of states.entries()) {
        const image = imageOf(pages)
        expect(await save(stored, image, i + 1)).toBeLessThanOrEqual(new Set(pages).size)
        const read = await checkpoints.read(wanted(i + 1))
        expect(unpacked(read)).toEqual(image)
        // Going on from the disk, as after a restart, is the same.
        if (read !== undefined && i % 3 === 0) {
          stored = new StoredPages(unpackCheckpoint(read, memoryBytes).stored)
        }
      }
    }),
    { numRuns: 8 },
  )
})

test('any run of states that sleep and wake comes back, from differences too', async () => {
  const page = fc.record({ value: fc.integer({ min: 0, max: 3 }), odd: fc.nat(4095) })
  const state = fc.array(page, { minLength: 1, maxLength: 20 })
  const sleeps = fc.record({ state, sleeps: fc.boolean(), host: fc.uint8Array({ maxLength: 5 }) })
  await fc.assert(
    fc.asyncProperty(fc.array(sleeps, { minLength: 1, maxLength: 40 }), async (steps) => {
      await checkpoints.remove(processId)
      let stored = new StoredPages(undefined)
      let restored: RestoredState | undefined
      for (const [i, step] of steps.entries()) {
        const image = imageOf(
          step.state.map(({ value }) => value),
          step.host,
        )
        image.indexes.forEach((index, place) => {
          image.pages[place * imagePageBytes + (step.state[index]?.odd ?? 0)] = 9
        })
        await save(stored, image, i + 1, restored)
        const read = await checkpoints.read(wanted(i + 1))
        expect(unpacked(read)).toEqual(image)
        if (read === undefined || !step.sleeps) continue
        const woken = unpackCheckpoint(read, memoryBytes)
        stored = new StoredPages(woken.stored)
        restored = woken.restored
      }
    }),
    { numRuns: 8 },
  )
})

test('what changed a little is stored as the little', async () => {
  const noise = (seed: number) =>
    Uint8Array.from(
      { length: 8 * imagePageBytes },
      (_, i) => nodeCrypto.sha256(Uint8Array.of(seed, i, i >> 8))[0] ?? 0,
    )
  const image = { ...imageOf(Array(8).fill(1)), pages: noise(1) }
  const first = new StoredPages(undefined)
  await save(first, image, 1)
  const { stored, restored } = unpackCheckpoint(
    (await checkpoints.read(wanted(1))) as StoredCheckpoint,
    memoryBytes,
  )
  const changed = {
    ...image,
    pages: image.pages.map((byte, i) => (i % 1024 === 0 ? byte ^ 4 : byte)),
  }
  const whole = new StoredPages(stored).pack(changed, 2).content.length
  const small = new StoredPages(stored).pack(changed, 2, restored).content.length
  expect(whole).toBeGreaterThan(8 * imagePageBytes)
  expect(small).toBeLessThan(1_000)
})

test('a page that differs from none before it is refused', () => {
  const first = new StoredPages(undefined)
  const one = first.pack(imageOf([1, 2]), 1)
  first.confirm(1, { digest: '', endAt: 1 })
  const places = Uint32Array.of(0, 1)
  const known = { image: imageOf([1, 2]), digests: new Uint8Array(64), places }
  for (const wrong of [2, 3, 2 ** 32 - 1]) {
    const restored = { ...known, places: Uint32Array.of(0, wrong) }
    const two = first.pack(imageOf([1, 3]), 2, restored)
    const packed = { parts: [one, two], stateRoot: two.stateRoot, at: { digest: '', endAt: 2 } }
    expect(() => unpackCheckpoint(packed, memoryBytes)).toThrow(/lacks a page|state root/)
  }
})

test('equal pages are stored once, unchanged ones not again, zero pages never', async () => {
  const stored = new StoredPages(undefined)
  expect(await save(stored, imageOf([1, 0, 1, 2, 0]), 1)).toBe(2)
  expect(await save(stored, imageOf([1, 0, 1, 2, 0]), 2)).toBe(0)
  expect(await save(stored, imageOf([2, 3, 1, 2, 0]), 3)).toBe(1)
  // The states before are there as well.
  expect(unpacked(await checkpoints.read(wanted(2)))).toEqual(imageOf([1, 0, 1, 2, 0]))
  expect((await checkpoints.read(wanted(1)))?.nextSlot).toBe(1)
})

test('it is used only where the unit’s own chain leads, never because it is new', async () => {
  const stored = new StoredPages(undefined)
  await save(stored, imageOf([1]), 1)
  await save(stored, imageOf([2]), 5)
  expect((await checkpoints.read(wanted(9)))?.nextSlot).toBe(5)
  expect((await checkpoints.read(wanted(4)))?.nextSlot).toBe(1)
  expect(await checkpoints.read(wanted(0))).toBeUndefined()
  expect(await checkpoints.read(wanted(9, new Uint8Array(32)))).toBeUndefined()
  expect(await checkpoints.read({ ...wanted(9), moduleId: 'N'.repeat(43) })).toBeUndefined()
  const fork = {
    ...wanted(9),
    chainBefore: async (slot: number) => (slot === 5 ? new Uint8Array(32) : chain),
  }
  expect((await checkpoints.read(fork))?.nextSlot).toBe(1)
  await checkpoints.remove(processId)
  expect(await readdir(folder)).toEqual([])
})

test('cut anywhere while written, the last good one is there, and the next goes on', async () => {
  const stored = new StoredPages(undefined)
  await save(stored, imageOf([1, 2]), 1)
  const path = await file()
  const before = await readFile(path)
  await save(stored, imageOf([1, 3]), 2)
  const after = await readFile(path)
  for (let length = before.length; length < after.length; length += 7) {
    await writeFile(path, after.subarray(0, length))
    const read = await checkpoints.read(wanted(9))
    expect(unpacked(read)).toEqual(imageOf([1, 2]))
    if (read === undefined) continue
    const { stored: known } = unpackCheckpoint(read, memoryBytes)
    await save(new StoredPages(known), imageOf([4, 3, 1]), 3)
    expect(unpacked(await checkpoints.read(wanted(9)))).toEqual(imageOf([4, 3, 1]))
  }
  // Bytes behind the last record change nothing.
  await writeFile(path, after)
  await appendFile(path, Uint8Array.of(0, 1, 2))
  expect(unpacked(await checkpoints.read(wanted(9)))).toEqual(imageOf([1, 3]))
})

test('writes of one file that overlap do not mix', async () => {
  const stored = new StoredPages(undefined)
  await save(stored, imageOf([1, 2]), 1)
  // Neither is confirmed when the next is taken: both build on the first.
  const deltas = [2, 3, 4].map((slot) => stored.pack(imageOf([1, slot, 9]), slot))
  const written = deltas.map((delta) => checkpoints.write({ processId, moduleId }, delta, chain))
  for (const [i, at] of (await Promise.all(written)).entries()) stored.confirm(i + 2, at)
  expect(unpacked(await checkpoints.read(wanted(9)))).toEqual(imageOf([1, 4, 9]))
  await save(stored, imageOf([1, 4, 5]), 5)
  expect(unpacked(await checkpoints.read(wanted(9)))).toEqual(imageOf([1, 4, 5]))
})

test('a changed byte is noticed, wherever it is', async () => {
  await save(new StoredPages(undefined), imageOf([1, 2, 3]), 1)
  const path = await file()
  const bytes = await readFile(path)
  for (let at = 0; at < bytes.length; at++) {
    const changed = Uint8Array.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 1
    expect(decodeCheckpointRecords(changed, nodeCrypto)).toEqual([])
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (any) => {
      expect(decodeCheckpointRecords(any, nodeCrypto)).toEqual([])
    }),
  )
})

test('a state that does not hash to its root, or asks for too much, is refused', async () => {
  const delta = new StoredPages(undefined).pack(imageOf([1, 2, 3]), 1)
  const at = { digest: '', endAt: 0 }
  const packed = { parts: [delta], stateRoot: delta.stateRoot, at }
  expect(unpackCheckpoint(packed, memoryBytes).image).toEqual(imageOf([1, 2, 3]))
  const wrongRoot = { ...packed, stateRoot: new Uint8Array(32) }
  expect(() => unpackCheckpoint(wrongRoot, memoryBytes)).toThrow(/state root/)
  const other = new StoredPages(undefined).pack(imageOf([1, 2, 4]), 1)
  expect(() => unpackCheckpoint({ ...packed, parts: [other] }, memoryBytes)).toThrow(/state root/)
  expect(() => unpackCheckpoint(packed, 65_536)).toThrow(/limit is 65536/)
  const refused: [Partial<typeof delta>, RegExp][] = [
    [{ memoryBytes: memoryBytes + 1 }, /whole pages/],
    [{ pages: 1_000_000 }, /too many pages/],
    [{ newPages: 4 }, /add up/],
    [{ storedPages: 1 }, /add up/],
    [{ hostStateBytes: 2 ** 31 }, /host state/],
    [{ hostStateBytes: 4 }, /length/],
    [{ content: Uint8Array.of(1, 2) }, /unpacked/],
  ]
  for (const [change, reason] of refused) {
    const parts = [{ ...delta, ...change }]
    expect(() => unpackCheckpoint({ ...packed, parts }, memoryBytes * 2)).toThrow(reason)
  }
  expect(() => unpackCheckpoint({ ...packed, parts: [] }, memoryBytes)).toThrow(/no end/)
})

test('a file does not grow for ever', async () => {
  const stored = new StoredPages(undefined)
  const sizes: number[] = []
  for (let slot = 1; slot < 90; slot++) {
    await save(
      stored,
      imageOf(Array.from({ length: 40 }, (_, i) => 1 + ((slot * 7 + i) % 250))),
      slot,
    )
    sizes.push((await readFile(await file())).length)
  }
  expect(Math.max(...sizes.slice(45))).toBeLessThanOrEqual(Math.max(...sizes.slice(0, 45)) * 1.2)
})
