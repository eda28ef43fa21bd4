import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { equalBytes } from '@heddle/protocol/base'
import { afterEach, expect, it } from 'vitest'
import { blake3, createRuntime, nodeCrypto } from '../runtime/index.ts'
import { chunkHeadBytes, decodeRecord, encodeChunk } from './record.ts'
import {
  encodeRecordHead,
  encodeSegmentHead,
  readRecordHead,
  readSegmentHead,
  segmentHeadBytes,
} from './segments/format.ts'
import { dropStoreIndex, openStore } from './store.ts'
import {
  openTestStore,
  patternBytes,
  readAll,
  storeDeps,
  streamOf,
} from './testing/store-folder.ts'

const runtime = createRuntime()
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function segmentOf(folder: string): Promise<string> {
  const names = await readdir(folder)
  return join(folder, names.find((name) => name.endsWith('.segment')) ?? '')
}

/** The same records as a version wrote them that knew no BLAKE3. */
function withoutBlake3(segment: Buffer): Buffer {
  const mark = readSegmentHead(segment) ?? Buffer.alloc(0)
  const parts: Uint8Array[] = [encodeSegmentHead(mark)]
  for (let at = segmentHeadBytes; at < segment.length; ) {
    const head = readRecordHead(segment, at, mark)
    if (head === undefined) throw new Error(`no record at ${at}`)
    const bodyAt = at + 28 + head.meta.length
    const body = segment.subarray(bodyAt, bodyAt + head.bodyBytes)
    const meta = head.kind === 'chunk' ? head.meta.subarray(0, 32) : head.meta
    parts.push(encodeRecordHead({ kind: head.kind, meta, body }, mark), body)
    at = bodyAt + head.bodyBytes
  }
  return Buffer.concat(parts)
}

it('writes both hashes of a chunk, and reads records with one', () => {
  const bytes = patternBytes(1000, 1)
  const hash = nodeCrypto.sha256(bytes)
  const quick = blake3?.(bytes)
  const both = encodeChunk(hash, quick, bytes)
  expect(decodeRecord(both, 1000)).toEqual({ kind: 'chunk', hash, blake3: quick, bodyBytes: 1000 })
  const one = encodeChunk(hash, undefined, bytes)
  const old = { kind: 'chunk', hash, blake3: undefined, bodyBytes: 1000 }
  expect(decodeRecord(one, 1000)).toEqual(old)
  expect(chunkHeadBytes(quick)).toBe(chunkHeadBytes(undefined) + (quick === undefined ? 0 : 32))
})

it('reads data of older records and newer ones, and finds a flipped bit in either', async () => {
  const test = await openTestStore()
  closing.push(() => test.remove())
  const bytes = patternBytes(6 * 262_144 + 5000, 3)
  const data = await test.store.write(streamOf(bytes))
  await test.store.close()
  const path = await segmentOf(test.folder)
  const newer = await readFile(path)
  const damages: unknown[] = []
  const deps = { ...storeDeps(runtime), onDamage: (damage: unknown) => void damages.push(damage) }
  const open = async () => {
    const store = await openStore(test.folder, deps, { hashThreads: 0 })
    closing.push(() => store.close())
    return store
  }
  for (const segment of [newer, withoutBlake3(newer)]) {
    await writeFile(path, segment)
    await dropStoreIndex(test.folder, runtime)
    const store = await open()
    expect(equalBytes(await readAll(store, data), bytes)).toBe(true)
    const reused: Buffer[] = []
    for await (const part of store.read(data, 7, bytes.length - 7, { reuse: true })) {
      reused.push(Buffer.from(part))
    }
    expect(Buffer.concat(reused).equals(Buffer.from(bytes.subarray(7, bytes.length - 7)))).toBe(
      true,
    )
    // A bit of the last full chunk.
    const flipped = Buffer.from(segment)
    const place = flipped.indexOf(bytes.subarray(5 * 262_144, 5 * 262_144 + 600))
    flipped[place + 300] = (flipped[place + 300] ?? 0) ^ 4
    await writeFile(path, flipped)
    const served: number[] = []
    const read = async () => {
      for await (const part of store.read(data, 0, bytes.length, { reuse: true })) {
        served.push(part.length)
      }
    }
    await expect(read()).rejects.toMatchObject({ code: 'store-chunk-damaged' })
    expect(served).toEqual(Array(5).fill(262_144))
    expect(await store.held(data)).toMatchObject({ complete: false })
    await store.close()
  }
  expect(damages).toHaveLength(2)
})
