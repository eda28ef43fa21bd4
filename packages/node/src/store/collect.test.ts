import { open, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { equalBytes } from '@heddle/protocol/base'
import { permanentRetention } from '@heddle/protocol/params'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createRuntime } from '../runtime/index.ts'
import {
  openTestStore,
  patternBytes,
  readAll,
  streamOf,
  type TestStore,
} from './testing/store-folder.ts'

const day = 24 * 60 * 60 * 1000
const lease = (untilMs: number) => ({ ...permanentRetention, untilMs })

let nowMs = 0
let test: TestStore

beforeEach(async () => {
  nowMs = 1_000_000
  const runtime = createRuntime()
  const clock = { ...runtime.clock, nowMs: () => nowMs }
  test = await openTestStore({ segmentBytes: 1_000_000 }, { ...runtime, clock })
})
afterEach(() => test.remove())

async function write(sizeBytes: number, seed: number) {
  const bytes = patternBytes(sizeBytes, seed)
  const data = await test.store.write(streamOf(bytes))
  return { bytes, data }
}

async function expectWhole({ bytes, data }: Awaited<ReturnType<typeof write>>): Promise<void> {
  expect(equalBytes(await readAll(test.store, data), bytes)).toBe(true)
  expect(await test.store.held(data)).toMatchObject({ complete: true })
}

/** The index says the same after it is made anew from the segments. */
async function rebuild(): Promise<void> {
  const { damaged: _, ...before } = test.store.status()
  await test.store.close()
  await rm(join(test.folder, 'index.sqlite'))
  await test.reopen()
  await test.store.collect()
  const { damaged, ...after } = test.store.status()
  expect(damaged).toBe(0)
  const { diskBytes: _before, ...counts } = before
  expect(after).toMatchObject(counts)
}

describe('the collector', () => {
  it('removes what was held until a time once that time is over, and frees the disk', async () => {
    const kept = await write(500_000, 1)
    const leased = await write(3_000_000, 2)
    await test.store.hold(kept.data, 'a', permanentRetention)
    await test.store.hold(leased.data, 'a', lease(nowMs + day))
    nowMs += day - 1
    expect(await test.store.collect()).toMatchObject({ forgotten: 0 })
    await expectWhole(leased)
    const before = test.store.status().diskBytes
    nowMs += 1
    const report = await test.store.collect()
    expect(report).toMatchObject({ forgotten: 1, forgottenBytes: 3_000_000, segmentsDamaged: 0 })
    expect(report.segmentsRemoved).toBeGreaterThan(0)
    expect(await test.store.held(leased.data)).toEqual({ heldBytes: 0, complete: false })
    await expectWhole(kept)
    expect(test.store.status().diskBytes).toBeLessThan(before - 1_500_000)
    await rebuild()
    await expectWhole(kept)
    expect(await test.store.held(leased.data)).toEqual({ heldBytes: 0, complete: false })
  })

  it('reads a segment through that is longer than what is in memory of it', async () => {
    const options = { segmentBytes: 64 * 1024 * 1024 }
    await test.reopen(options)
    const leased = await write(4_000_000, 1)
    const kept = await write(3_000_000, 2)
    await test.store.hold(kept.data, 'a', permanentRetention)
    await test.store.hold(leased.data, 'a', lease(nowMs))
    await test.store.close()
    await rm(join(test.folder, 'index.sqlite'))
    await test.reopen(options)
    expect(test.damages).toEqual([])
    await expectWhole(kept)
    await expectWhole(leased)
    expect(await test.store.collect()).toMatchObject({ segmentsRemoved: 1, segmentsDamaged: 0 })
    await expectWhole(kept)
  })

  it('keeps what anybody still holds, whatever others released', async () => {
    const shared = await write(600_000, 1)
    await test.store.hold(shared.data, 'a', lease(nowMs + 10))
    await test.store.hold(shared.data, 'b', lease(nowMs + 20))
    await test.store.hold(shared.data, 'c', permanentRetention)
    nowMs += 15
    await test.store.release(shared.data, 'c')
    await test.store.release(shared.data, 'never held')
    expect(await test.store.collect()).toMatchObject({ forgotten: 0 })
    await expectWhole(shared)
    await test.store.hold(shared.data, 'b', lease(nowMs + 100))
    nowMs += 50
    expect(await test.store.collect()).toMatchObject({ forgotten: 0 })
    await rebuild()
    await expectWhole(shared)
    await test.store.release(shared.data, 'b')
    expect(await test.store.collect()).toMatchObject({ forgotten: 1 })
  })

  it('removes what a crash left before anybody held it, once nobody can be about to', async () => {
    const held = await write(300_000, 1)
    await test.store.hold(held.data, 'a', permanentRetention)
    const left = await write(600_000, 2)
    await test.reopen()
    nowMs += 7 * day - 1
    expect(await test.store.collect()).toMatchObject({ forgotten: 0 })
    await expectWhole(left)
    nowMs += 1
    expect(await test.store.collect()).toMatchObject({ forgotten: 1, forgottenBytes: 600_000 })
    expect(await test.store.held(left.data)).toEqual({ heldBytes: 0, complete: false })
    expect(test.store.status()).toMatchObject({ dataSets: 1, chunks: 2 })
    nowMs += 1000 * day
    expect(await test.store.collect()).toMatchObject({ forgotten: 0 })
    await expectWhole(held)
    await rebuild()
    await expectWhole(held)
  })

  it('gives what comes again its whole time, in a stream or by a chunk', async () => {
    const bytes = patternBytes(300_000, 1)
    const { data } = await write(300_000, 1)
    const { bytes: first, dataPath } = (await test.store.chunk(data, 0)) ?? expect.fail('no chunk')
    const { dataRoot, sizeBytes: dataSizeBytes } = data
    const again = [
      () => test.store.write(streamOf(bytes)),
      () => test.store.keepChunk({ dataRoot, dataSizeBytes, offset: 0, dataPath, bytes: first }),
    ]
    for (const come of again) {
      nowMs += 6 * day
      await come()
    }
    nowMs += 6 * day
    expect(await test.store.collect()).toMatchObject({ forgotten: 0 })
    await test.store.hold(data, 'a', permanentRetention)
    nowMs += 6 * day
    expect(await test.store.collect()).toMatchObject({ forgotten: 0 })
    await expectWhole({ bytes, data })
  })

  it('counts that time anew where the index is made anew', async () => {
    const left = await write(300_000, 1)
    nowMs += 6 * day
    await rebuild()
    nowMs += 6 * day
    expect(await test.store.collect()).toMatchObject({ forgotten: 0 })
    nowMs += day
    expect(await test.store.collect()).toMatchObject({ forgotten: 1 })
    expect(await test.store.held(left.data)).toMatchObject({ heldBytes: 0 })
  })

  it('leaves alone what nobody is known to hold where a promise may have been lost', async () => {
    const { data, bytes } = await write(300_000, 1)
    await test.store.hold(data, 'a', permanentRetention)
    const other = await write(300_000, 2)
    await test.store.close()
    const [name = ''] = (await readdir(test.folder)).filter((file) => file.endsWith('.segment'))
    const path = join(test.folder, name)
    const at = (await readFile(path)).indexOf('"holder":"a"')
    const file = await open(path, 'r+')
    await file.write(Uint8Array.of(255), 0, 1, at)
    await file.close()
    await rm(join(test.folder, 'index.sqlite'))
    await test.reopen()
    expect(test.store.status()).toMatchObject({ holds: 0, damaged: 1 })
    nowMs += 1000 * day
    await test.store.collect()
    await expectWhole({ data, bytes })
    await expectWhole(other)
    const later = await write(300_000, 3)
    nowMs += 8 * day
    expect(await test.store.collect()).toMatchObject({ forgotten: 1 })
    expect(await test.store.held(later.data)).toMatchObject({ heldBytes: 0 })
  })

  it('takes a promise before the data, and holds it when it comes', async () => {
    const bytes = patternBytes(300_000, 3)
    const early = await write(300_000, 3)
    await test.store.hold(early.data, 'x', lease(nowMs + 5))
    nowMs += 5
    await test.store.collect()
    expect(await test.store.held(early.data)).toMatchObject({ heldBytes: 0 })
    await test.store.hold(early.data, 'x', permanentRetention)
    await test.store.collect()
    const data = await test.store.write(streamOf(bytes))
    await test.store.collect()
    await rebuild()
    await expectWhole({ bytes, data })
  })

  it('leaves chunks that other data shares', async () => {
    const chunkBytes = 256 * 1024
    const whole = patternBytes(4 * chunkBytes, 5)
    const data = await test.store.write(streamOf(whole))
    const half = whole.subarray(0, 2 * chunkBytes)
    const part = await test.store.write(streamOf(half))
    await test.store.hold(data, 'x', lease(nowMs))
    await test.store.collect()
    expect(test.store.status().chunks).toBe(2)
    await rebuild()
    await expectWhole({ bytes: half, data: part })
  })

  it('does not take what comes again while it is at work', async () => {
    const bytes = patternBytes(2_000_000, 7)
    for (let round = 0; round < 6; round++) {
      const data = await test.store.write(streamOf(bytes))
      await test.store.hold(data, 'x', lease(nowMs))
      const [, again] = await Promise.all([
        test.store.collect(),
        test.store.write(streamOf(bytes)).then(async (name) => {
          await test.store.hold(name, 'y', permanentRetention)
          return name
        }),
      ])
      await expectWhole({ bytes, data: again })
      await test.store.release(again, 'y')
      nowMs += 1
    }
    await test.store.collect()
    expect(test.store.status()).toMatchObject({ dataSets: 0, chunks: 0, holds: 0 })
    const files = await readdir(test.folder)
    expect(files.filter((name) => name.endsWith('.segment')).length).toBeLessThanOrEqual(2)
  })

  it('serves readers to their end while it removes what they read', async () => {
    const { data, bytes } = await write(2_500_000, 9)
    await test.store.hold(data, 'x', permanentRetention)
    const other = await write(3_000_000, 10)
    await test.store.hold(other.data, 'x', lease(nowMs))
    let served = 0
    for await (const part of test.store.read(data, 0, bytes.length)) {
      if (served === 0) await test.store.collect()
      expect(equalBytes(part, bytes.subarray(served, served + part.length))).toBe(true)
      served += part.length
    }
    expect(served).toBe(bytes.length)
  })

  it('leaves a segment alone in which something promised is damaged', async () => {
    // The file stays, so that a copy or a tool may still save what is in it.
    const kept = await write(400_000, 11)
    const gone = await write(550_000, 12)
    await test.store.hold(kept.data, 'x', permanentRetention)
    await test.store.hold(gone.data, 'x', lease(nowMs))
    await write(100_000, 13)
    const [name = ''] = (await readdir(test.folder)).filter((file) => file.endsWith('.segment'))
    const file = await open(join(test.folder, name), 'r+')
    await file.write(Uint8Array.of(255), 0, 1, 1000)
    await file.close()
    const report = await test.store.collect()
    expect(report).toMatchObject({ forgotten: 1, segmentsRemoved: 0, segmentsDamaged: 1 })
    expect(await readdir(test.folder)).toContain(name)
  })
})

it('refuses holders without a name or with a long one', async () => {
  const { data } = await write(10, 1)
  for (const holder of ['', 'x'.repeat(129)]) {
    const holding = test.store.hold(data, holder, permanentRetention)
    await expect(holding).rejects.toMatchObject({ code: 'store-holder-invalid' })
  }
  await test.store.hold({ dataRoot: '', sizeBytes: 0 }, 'x', permanentRetention)
})
