import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRuntime, ed25519Signer } from '@heddle/node/runtime'
import { createClient } from '@heddle/sdk'
import { startChild } from './child.ts'
import { openRangeReader } from './range-reader.ts'
import { quantile, report } from './report.ts'

const rounds = 3
const mebibyte = 1024 * 1024
const rangeBytes = 8 * mebibyte
const readers = 2
const { clock, random } = createRuntime()

/** Bytes no two chunks of which are alike, quickly made. */
function makeFile(sizeBytes: number): Buffer<ArrayBuffer> {
  const file = Buffer.alloc(sizeBytes)
  const block = random.bytes(4096)
  for (let at = 0; at < sizeBytes; at += block.length) {
    new DataView(block.buffer, block.byteOffset).setFloat64(0, at + clock.elapsedMs())
    file.set(block.subarray(0, Math.min(block.length, sizeBytes - at)), at)
  }
  return file
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startMs = clock.elapsedMs()
  await work()
  return (clock.elapsedMs() - startMs) / 1000
}

/** What a disk does with the same bytes: written in pieces, made durable at the end. */
async function diskLimit(file: Buffer): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-bench-'))
  const handle = await open(join(folder, 'file'), 'w')
  const seconds = await timed(async () => {
    for (let at = 0; at < file.length; at += mebibyte) {
      await handle.write(file, at, Math.min(mebibyte, file.length - at), at)
    }
    await handle.datasync()
  })
  await handle.close()
  rmSync(folder, { recursive: true, force: true })
  return file.length / 1e6 / seconds
}

/** Bytes a second one core hashes: every byte in and out is hashed at least once. */
async function hashLimit(file: Buffer): Promise<number> {
  const seconds = await timed(async () => void createHash('sha256').update(file).digest())
  return file.length / 1e6 / seconds
}

/** Turbo's upload in parts, from the first part to the receipt. The signature was made before. */
export async function measureUpload(url: string, sizeBytes: number): Promise<string> {
  const client = createClient({ url, signer: ed25519Signer(random.bytes(32)) })
  const seen: number[] = []
  let id = ''
  let file = Buffer.alloc(0)
  for (let round = 0; round < rounds; round++) {
    file = makeFile(sizeBytes)
    let sinceMs = 0
    const onState = ({ done }: { readonly done: readonly number[] }) => {
      if (done.length === 0) sinceMs = clock.elapsedMs()
    }
    id = await client.upload({ data: new Blob([file]), onState })
    seen.push(sizeBytes / 1e6 / ((clock.elapsedMs() - sinceMs) / 1000))
  }
  const [disk, hash] = [await diskLimit(file), await hashLimit(file)]
  report({
    bench: 'store',
    metric: 'upload',
    value: quantile(seen, 0.5),
    unit: 'MB/s',
    note:
      `${sizeBytes / mebibyte} MiB in parts of 5 MiB, durable; limits: disk with fdatasync ` +
      `${disk.toFixed(0)} MB/s, SHA-256 on one core ${hash.toFixed(0)} MB/s`,
  })
  return id
}

/** Reads ranges at random places until so many bytes came, several at a time; MB/s. */
async function readRanges(url: string, sizeBytes: number, totalBytes: number): Promise<number> {
  const opened = Array.from({ length: readers }, () => openRangeReader(url))
  let asked = 0
  const seconds = await timed(() =>
    Promise.all(
      opened.map(async (reader) => {
        while (asked < totalBytes) {
          asked += rangeBytes
          const places = Math.max(1, sizeBytes - rangeBytes)
          const from = new DataView(random.bytes(4).buffer).getUint32(0) % places
          await reader.read(from, rangeBytes)
        }
      }),
    ),
  )
  for (const reader of opened) reader.close()
  return asked / 1e6 / seconds
}

/** The same ranges out of memory by node:http alone, asked by the same client. */
async function httpLimit(sizeBytes: number, totalBytes: number): Promise<number> {
  const script = new URL('http-peer.mjs', import.meta.url).pathname
  const child = startChild(process.execPath, [script, String(rangeBytes)])
  const url = `http://127.0.0.1:${await child.next()}/`
  await readRanges(url, sizeBytes, rangeBytes)
  const value = await readRanges(url, sizeBytes, totalBytes)
  child.stop()
  return value
}

/** Ranges at random places of one file, each chunk checked by the node before it goes out. */
export async function measureReads(url: string, sizeBytes: number): Promise<void> {
  const client = createClient({ url, signer: ed25519Signer(random.bytes(32)) })
  const file = makeFile(sizeBytes)
  const id = await client.upload({ data: new Blob([file]) })
  const totalBytes = Math.max(4 * sizeBytes, 64 * mebibyte)
  const seen: number[] = []
  for (let round = 0; round <= rounds; round++) {
    const value = await readRanges(`${url}/raw/${id}`, sizeBytes, totalBytes)
    if (round > 0) seen.push(value)
  }
  const [http, hash] = [await httpLimit(sizeBytes, totalBytes), await hashLimit(file)]
  report({
    bench: 'store',
    metric: 'read',
    value: quantile(seen, 0.5),
    unit: 'MB/s',
    note:
      `ranges of 8 MiB of ${sizeBytes / mebibyte} MiB, ${readers} readers on the same machine, each chunk ` +
      `checked; limits: node:http out of memory, same client, ${http.toFixed(0)} MB/s, SHA-256 on one core ` +
      `${hash.toFixed(0)} MB/s`,
  })
}
