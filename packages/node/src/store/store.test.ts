import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DataRootBuilder, dataRootOf, validatePath } from '@heddle/protocol/arweave'
import { decodeBase64Url, encodeBase64Url, equalBytes } from '@heddle/protocol/base'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeCrypto } from '../runtime/index.ts'
import type { OfferedChunk } from './face.ts'
import {
  openTestStore,
  patternBytes,
  readAll,
  streamOf,
  type TestStore,
} from './testing/store-folder.ts'

const chunkBytes = 256 * 1024

let test: TestStore

beforeEach(async () => {
  test = await openTestStore({ segmentBytes: 2_000_000 })
})
afterEach(() => test.remove())

/** The chunks a client would post of this data. */
function offersOf(bytes: Uint8Array): OfferedChunk[] {
  const builder = new DataRootBuilder(nodeCrypto)
  const early = builder.push(bytes)
  const { chunks, tree } = builder.end()
  const dataRoot = encodeBase64Url(tree.root)
  return [...early, ...chunks].map((chunk, i) => ({
    dataRoot,
    dataSizeBytes: bytes.length,
    offset: chunk.toByte - 1,
    dataPath: tree.path(i),
    bytes: chunk.bytes,
  }))
}

function nameFor(bytes: Uint8Array) {
  return { dataRoot: encodeBase64Url(dataRootOf([bytes], nodeCrypto)), sizeBytes: bytes.length }
}

/** Segment files that hold something, oldest first. */
async function segmentFiles(): Promise<string[]> {
  const names = await readdir(test.folder)
  return names.filter((name) => name.endsWith('.segment')).sort()
}

describe('data written as a stream', () => {
  it('proves each of more chunks than one record holds the places of', async () => {
    async function* manyChunks() {
      const part = new Uint8Array(4 * chunkBytes)
      for (let i = 0; i < 65; i++) yield part
    }
    const data = await test.store.write(manyChunks())
    for (const index of [0, 255, 256, 259]) {
      const chunk = await test.store.chunk(data, index * chunkBytes)
      expect(chunk).toMatchObject({ fromByte: index * chunkBytes })
      const claim = { root: decodeBase64Url(data.dataRoot) ?? new Uint8Array(), ...data }
      const path = chunk?.dataPath ?? new Uint8Array()
      expect(validatePath(claim, index * chunkBytes, path, nodeCrypto)).toBeDefined()
    }
  })

  it('has the data_root of Arweave and comes back, whole and in ranges, also after reopening', async () => {
    for (const size of [1, 1000, chunkBytes, chunkBytes + 1, 3 * chunkBytes, 1_500_000]) {
      const bytes = patternBytes(size, size)
      const data = await test.store.write(streamOf(bytes), { sizeBytes: size })
      expect(data).toEqual(nameFor(bytes))
      expect(await test.store.held(data)).toEqual({ heldBytes: size, complete: true })
      expect(equalBytes(await readAll(test.store, data), bytes)).toBe(true)
      await test.reopen()
      const [from, to] = [Math.floor(size / 3), Math.ceil((2 * size) / 3)]
      const part = await readAll(test.store, data, from, to)
      expect(equalBytes(part, bytes.subarray(from, to))).toBe(true)
    }
    expect(test.damages).toEqual([])
  })

  it('may be nothing', async () => {
    const data = await test.store.write(streamOf(new Uint8Array(0)))
    expect(data).toEqual({ dataRoot: '', sizeBytes: 0 })
    expect(await test.store.held(data)).toEqual({ heldBytes: 0, complete: true })
    expect(await readAll(test.store, data)).toEqual(new Uint8Array(0))
    expect(await test.store.chunk(data, 0)).toBeUndefined()
  })

  it('keeps equal chunks once: 3 MiB of zeros take one chunk and come back as 3 MiB', async () => {
    const zeros = new Uint8Array(3 * 1024 * 1024)
    const data = await test.store.write(streamOf(zeros))
    expect(test.store.status()).toMatchObject({ chunks: 1, chunkBytes })
    expect(equalBytes(await readAll(test.store, data), zeros)).toBe(true)
    const before = test.store.status().diskBytes
    await test.store.write(streamOf(zeros))
    expect(test.store.status().diskBytes).toBe(before)
  })

  it('is refused where its size is not the one announced, and nothing is held', async () => {
    const bytes = patternBytes(600_000, 1)
    for (const sizeBytes of [599_999, 600_001]) {
      const writing = test.store.write(streamOf(bytes), { sizeBytes })
      await expect(writing).rejects.toMatchObject({ code: 'store-size-differs' })
    }
    expect(await test.store.held(nameFor(bytes))).toEqual({ heldBytes: 0, complete: false })
    expect(test.store.status().dataSets).toBe(0)
  })

  it('is refused beyond the limit before it is read whole', async () => {
    await test.reopen({ dataBytes: 1_000_000 })
    let parts = 0
    async function* endless() {
      for (;;) {
        parts++
        yield new Uint8Array(100_000)
      }
    }
    await expect(test.store.write(endless())).rejects.toMatchObject({
      code: 'store-data-too-large',
    })
    expect(parts).toBe(11)
  })

  it('passes on what the source throws, and sweeps what came of it', async () => {
    async function* broken() {
      yield patternBytes(700_000, 5)
      throw new Error('the caller went away')
    }
    await expect(test.store.write(broken())).rejects.toThrow('the caller went away')
    await test.store.collect()
    expect(test.store.status()).toMatchObject({ dataSets: 0, chunks: 0 })
  })

  it('comes from many at once', async () => {
    const all = Array.from({ length: 12 }, (_, i) => patternBytes(200_000 + 50_000 * i, i))
    await test.reopen({ uploadBytes: 600_000 })
    const names = await Promise.all(all.map((bytes) => test.store.write(streamOf(bytes))))
    for (const [i, bytes] of all.entries()) {
      expect(equalBytes(await readAll(test.store, names[i] ?? nameFor(bytes)), bytes)).toBe(true)
    }
  })
})

describe('chunks posted one by one', () => {
  it('make the data whole in any order, repeats included', async () => {
    const bytes = patternBytes(5 * chunkBytes, 3)
    const offers = offersOf(bytes)
    const name = nameFor(bytes)
    const [first, ...rest] = offers.toReversed()
    if (first === undefined) throw new Error('there are five chunks')
    await test.store.keepChunk(first)
    expect(await test.store.held(name)).toEqual({ heldBytes: chunkBytes, complete: false })
    await expect(readAll(test.store, name)).rejects.toMatchObject({ code: 'store-chunk-missing' })
    await test.reopen()
    await Promise.all([...rest, first, ...rest].map((offer) => test.store.keepChunk(offer)))
    expect(await test.store.held(name)).toEqual({ heldBytes: bytes.length, complete: true })
    expect(equalBytes(await readAll(test.store, name), bytes)).toBe(true)
    const data = await test.store.write(streamOf(bytes))
    expect(data).toEqual(name)
  })

  it('serve what is there before the first gap', async () => {
    const bytes = patternBytes(3 * chunkBytes, 4)
    const [first, , last] = offersOf(bytes)
    if (first === undefined || last === undefined) throw new Error('there are three chunks')
    await test.store.keepChunk(first)
    await test.store.keepChunk(last)
    let served = 0
    const reading = async () => {
      for await (const part of test.store.read(nameFor(bytes), 10, bytes.length)) {
        served += part.length
      }
    }
    await expect(reading()).rejects.toMatchObject({ details: { offset: chunkBytes } })
    expect(served).toBe(chunkBytes - 10)
  })

  it('are refused where they do not prove themselves, and nothing is kept', async () => {
    const [offer] = offersOf(patternBytes(chunkBytes + 99, 3))
    if (offer === undefined) throw new Error('there are two chunks')
    const other = new Uint8Array(offer.bytes)
    other[7] = (other[7] ?? 0) ^ 1
    const forged = test.store.keepChunk({ ...offer, bytes: other })
    const details = { fault: 'invalid_proof' }
    await expect(forged).rejects.toMatchObject({ code: 'chunk-refused', details })
    const rootless = test.store.keepChunk({ ...offer, dataRoot: 'short' })
    await expect(rootless).rejects.toMatchObject({ code: 'store-data-invalid' })
    const huge = test.store.keepChunk({ ...offer, dataSizeBytes: 2 ** 50 })
    await expect(huge).rejects.toMatchObject({ code: 'store-data-too-large' })
    expect(test.store.status()).toMatchObject({ chunks: 0, dataSets: 0 })
  })

  it('come back with their proof', async () => {
    const bytes = patternBytes(2 * chunkBytes + 5000, 6)
    const data = await test.store.write(streamOf(bytes))
    for (const offset of [0, chunkBytes - 1, chunkBytes, bytes.length - 1]) {
      const chunk = await test.store.chunk(data, offset)
      if (chunk === undefined) throw new Error(`no chunk at ${offset}`)
      const root = decodeBase64Url(data.dataRoot) ?? new Uint8Array(0)
      const claim = { root, sizeBytes: data.sizeBytes }
      const proven = validatePath(claim, offset, chunk.dataPath, nodeCrypto)
      expect(proven).toMatchObject({ fromByte: chunk.fromByte, toByte: chunk.toByte })
      expect(proven?.dataHash).toEqual(nodeCrypto.sha256(chunk.bytes))
    }
    expect(await test.store.chunk(data, bytes.length)).toBeUndefined()
    expect(await test.store.chunk({ ...data, sizeBytes: 5 }, 0)).toBeUndefined()
  })
})

describe('ranges', () => {
  it('outside of the data are refused', async () => {
    const data = await test.store.write(streamOf(patternBytes(1000, 1)))
    for (const [from, to] of [
      [0, 1001],
      [-1, 5],
      [7, 6],
      [0.5, 2],
      [0, Number.NaN],
    ]) {
      const reading = readAll(test.store, data, from, to)
      await expect(reading).rejects.toMatchObject({ code: 'store-range-invalid' })
    }
    expect(await readAll(test.store, data, 1000, 1000)).toEqual(new Uint8Array(0))
  })

  it('of unknown data are missing', async () => {
    const unknown = nameFor(patternBytes(10, 2))
    await expect(readAll(test.store, unknown)).rejects.toMatchObject({
      code: 'store-chunk-missing',
    })
  })

  it('may be left early', async () => {
    const bytes = patternBytes(8 * chunkBytes, 9)
    const data = await test.store.write(streamOf(bytes))
    for await (const part of test.store.read(data, 0, bytes.length)) {
      expect(part.length).toBe(chunkBytes)
      break
    }
    await test.store.close()
  })
})

describe('damage on disk', () => {
  /** Flips one bit of what was written, where `needle` lies. */
  async function flipBit(needle: Uint8Array): Promise<void> {
    for (const name of await segmentFiles()) {
      const path = join(test.folder, name)
      const file = await readFile(path)
      const at = file.indexOf(needle)
      if (at < 0) continue
      file[at + 20] = (file[at + 20] ?? 0) ^ 4
      await writeFile(path, file)
      return
    }
    throw new Error('not found on disk')
  }

  it('is detected, told, never served, counted, and healed by sending the data again', async () => {
    const bytes = patternBytes(3 * chunkBytes, 8)
    const data = await test.store.write(streamOf(bytes))
    await flipBit(bytes.subarray(chunkBytes + 100, chunkBytes + 300))
    const served: number[] = []
    const reading = async () => {
      for await (const part of test.store.read(data, 0, bytes.length)) served.push(part.length)
    }
    const refusal = { code: 'store-chunk-damaged', details: { offset: chunkBytes } }
    await expect(reading()).rejects.toMatchObject(refusal)
    expect(served).toEqual([chunkBytes])
    expect(test.damages).toHaveLength(1)
    expect(await test.store.held(data)).toEqual({ heldBytes: 2 * chunkBytes, complete: false })
    await expect(test.store.chunk(data, chunkBytes)).rejects.toMatchObject(refusal)
    const report = await test.store.audit(60)
    expect(report.checkedChunks).toBe(60)
    expect(report.faults.length).toBeGreaterThan(0)
    expect(report.faults[0]).toMatchObject({ ...data, offset: chunkBytes })
    await test.store.write(streamOf(bytes))
    expect(await test.store.held(data)).toEqual({ heldBytes: bytes.length, complete: true })
    expect(equalBytes(await readAll(test.store, data), bytes)).toBe(true)
    expect((await test.store.audit(30)).faults).toEqual([])
  })

  it('is found by a rebuild, which loses nothing else', async () => {
    const [good, bad] = [patternBytes(700_000, 1), patternBytes(700_000, 2)]
    const kept = await test.store.write(streamOf(good))
    const hurt = await test.store.write(streamOf(bad))
    await flipBit(bad.subarray(100, 300))
    await test.store.close()
    await rm(join(test.folder, 'index.sqlite'))
    await test.reopen()
    expect(test.damages.filter(({ isTail }) => !isTail)).toHaveLength(1)
    expect(test.store.status().damaged).toBe(1)
    expect(equalBytes(await readAll(test.store, kept), good)).toBe(true)
    expect(await test.store.held(hurt)).toMatchObject({ complete: false })
    await expect(readAll(test.store, hurt)).rejects.toMatchObject({ code: 'store-chunk-damaged' })
    const tail = await readAll(test.store, hurt, chunkBytes, bad.length)
    expect(equalBytes(tail, bad.subarray(chunkBytes))).toBe(true)
  })

  it('as large as a whole file is noticed, and healed by sending the data again', async () => {
    const bytes = patternBytes(3_500_000, 4)
    const data = await test.store.write(streamOf(bytes))
    await test.store.close()
    await rm(join(test.folder, (await segmentFiles())[0] ?? ''))
    await test.reopen()
    expect(test.damages).toMatchObject([{ offset: 0, isTail: false }])
    const { heldBytes, complete } = await test.store.held(data)
    expect(complete).toBe(false)
    expect(heldBytes).toBeGreaterThan(1_000_000)
    await expect(readAll(test.store, data)).rejects.toMatchObject({ code: 'store-chunk-missing' })
    expect(await test.store.write(streamOf(bytes))).toEqual(data)
    await test.reopen()
    expect(equalBytes(await readAll(test.store, data), bytes)).toBe(true)
  })

  it('of a record’s head does not hide the records behind it', async () => {
    const all = [1, 2, 3].map((seed) => patternBytes(100_000, seed))
    const names = []
    for (const bytes of all) names.push(await test.store.write(streamOf(bytes)))
    // The second chunk's hash stands in its record's head.
    await flipBit(nodeCrypto.sha256(all[1] ?? new Uint8Array(0)))
    await test.store.close()
    await rm(join(test.folder, 'index.sqlite'))
    await test.reopen()
    const [first, second, third] = names
    if (first === undefined || second === undefined || third === undefined) throw new Error('three')
    expect((await readAll(test.store, first)).length).toBe(100_000)
    expect((await readAll(test.store, third)).length).toBe(100_000)
    await expect(readAll(test.store, second)).rejects.toMatchObject({ code: 'store-chunk-missing' })
  })
})

describe('the index', () => {
  it('is rebuilt where it is absent or damaged', async () => {
    const bytes = patternBytes(900_000, 3)
    const data = await test.store.write(streamOf(bytes))
    await test.store.hold(data, 'tx', { copies: 2, placement: ['region:eu'], minimumStake: 7n })
    const status = test.store.status()
    for (const damage of [
      () => rm(join(test.folder, 'index.sqlite')),
      () => writeFile(join(test.folder, 'index.sqlite'), 'not a database at all'.repeat(1000)),
    ]) {
      await test.store.close()
      await damage()
      await test.reopen()
      expect(test.store.status()).toEqual(status)
      expect(equalBytes(await readAll(test.store, data), bytes)).toBe(true)
    }
  })

  it('takes up what a crash left behind it, and passes over a torn tail', async () => {
    const bytes = patternBytes(400_000, 3)
    await test.store.close()
    const behind = await readFile(join(test.folder, 'index.sqlite'))
    await test.reopen()
    const data = await test.store.write(streamOf(bytes))
    const torn = await test.store.write(streamOf(patternBytes(5000, 4)))
    await test.store.close()
    await writeFile(join(test.folder, 'index.sqlite'), behind)
    const last = join(test.folder, (await segmentFiles()).at(-1) ?? '')
    const { length } = await readFile(last)
    await truncate(last, length - 10)
    await test.reopen()
    expect(equalBytes(await readAll(test.store, data), bytes)).toBe(true)
    expect(await test.store.held(torn)).toMatchObject({ complete: false })
    expect(test.damages.map(({ isTail }) => isTail)).toEqual([true])
    expect(test.store.status().damaged).toBe(0)
  })
})

it('answers nothing once it is closed', async () => {
  const data = await test.store.write(streamOf(patternBytes(10, 1)))
  await test.store.close()
  const closed = { code: 'store-closed' }
  await expect(test.store.write(streamOf(new Uint8Array(1)))).rejects.toMatchObject(closed)
  await expect(readAll(test.store, data)).rejects.toMatchObject(closed)
  await expect(test.store.collect()).rejects.toMatchObject(closed)
})
