import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  addressesOf,
  createRetriever,
  DisperserRole,
  loadErasureKernel,
  nativeBls,
  nativeSha256,
  openBlake3,
  openEngines,
  openLane,
  readDirectory,
} from '@heddle/node/da'
import { type BulkClient, type BulkPeer, openBulkClient } from '@heddle/node/network'
import { createRuntime, ed25519Signer, nodeCrypto, systemSockets } from '@heddle/node/runtime'
import { decodeBase64Url } from '@heddle/protocol/base'
import { startChild } from './child.ts'
import { remark, report } from './report.ts'

const storers = 24
const rounds = 5
const mebibyte = 1024 * 1024
const blobBytes = 64 * mebibyte
/** As much as the sink of da-storers.ts answers a byte for. */
const tcpBytes = 128 * mebibyte
const fileBytes = 64 * mebibyte
const writeBytes = 4 * mebibyte
/** Rows for each byte of a blob: n / k. */
const expansion = 3

const runtime = createRuntime()
const { random, clock, timer, disk } = runtime

/** Publishing and reading through storers in a second process, and what the machine allows at most. */
export async function runLane(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-bench-da-'))
  const script = fileURLToPath(new URL('da-storers.ts', import.meta.url))
  const child = startChild(process.execPath, [script, folder, String(storers)])
  try {
    const [, setFile = '', sinkPort = '0', lanePort = '0', laneKey = ''] = (
      await child.next()
    ).split(' ')
    const publicKey = decodeBase64Url(laneKey) ?? new Uint8Array(0)
    const peer = { host: '127.0.0.1', port: Number(lanePort), publicKey }
    await measure({ setFile, folder, sinkPort: Number(sinkPort), peer })
  } finally {
    child.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function openEnds(setFile: string) {
  const { directory, set } = await readDirectory(disk, nativeBls, setFile)
  const identity = ed25519Signer(random.bytes(32))
  const client = openBulkClient({
    ...runtime,
    identity,
    engine: nodeCrypto,
    sockets: systemSockets,
  })
  const lane = openLane(client, addressesOf(directory))
  const kernel = await loadErasureKernel(disk)
  const hash = openBlake3() ?? nativeSha256
  const sets = { current: () => set }
  const disperser = new DisperserRole({ runtime, kernel, lane, sets, bls: nativeBls, hash })
  const engineFor = openEngines(kernel)
  const storerSet = () => set
  const retriever = createRetriever({ lane, storerSet, engineFor, bls: nativeBls, clock, timer })
  return { client, disperser, retriever }
}

type Storers = {
  readonly setFile: string
  readonly folder: string
  readonly sinkPort: number
  /** A lane whose server forgets what it gets. */
  readonly peer: BulkPeer
}

type Rates = {
  lane: number[]
  put: number[]
  get: number[]
  tcp: number[]
  sync: number[]
  copy: number[]
}

async function measure({ setFile, folder, sinkPort, peer }: Storers): Promise<void> {
  const { client, disperser, retriever } = await openEnds(setFile)
  const blob = new Uint8Array(blobBytes)
  for (let at = 0; at < blobBytes; at += 65_536) blob.set(random.bytes(65_536), at)
  const back = new Uint8Array(blobBytes)
  const rates: Rates = { lane: [], put: [], get: [], tcp: [], sync: [], copy: [] }
  // The first round warms up.
  for (let round = 0; round <= rounds; round++) {
    // Another blob each time: rows that a storer has are not written again.
    blob.set(random.bytes(64))
    let certificate: Awaited<ReturnType<typeof disperser.publish>>['certificate'] | undefined
    const put = await rateOf(blobBytes, async () => {
      certificate = (await disperser.publish([blob], { retentionSeconds: 3600 })).certificate
    })
    // What comes after the certificate still reaches its storers: it is not to slow the reading.
    await timer.sleep(500)
    const get = await rateOf(blobBytes, async () => {
      let at = 0
      if (certificate === undefined) throw new Error('it was published')
      for await (const part of retriever.read(certificate)) {
        back.set(part, at)
        at += part.length
      }
    })
    if (Buffer.compare(back, blob) !== 0) throw new Error('other bytes came back')
    const tcp = await rateOf(tcpBytes, () => sendAll(sinkPort, blob))
    const lane = await rateOf(tcpBytes, () => callAll(client, peer, blob))
    const sync = await rateOf(fileBytes, () => writeAll(join(folder, 'limit'), blob))
    const copy = await rateOf(blobBytes, async () => back.set(blob))
    if (round === 0) continue
    const measured = { lane, put, get, tcp, sync, copy }
    for (const name of Object.keys(rates) as (keyof Rates)[]) rates[name].push(measured[name])
  }
  client.close()
  await disperser.close()
  tell(rates)
}

/** MB/s by the wall. */
async function rateOf(bytes: number, run: () => Promise<void>): Promise<number> {
  const startMs = clock.elapsedMs()
  await run()
  return bytes / 1000 / (clock.elapsedMs() - startMs)
}

async function sendAll(port: number, from: Uint8Array): Promise<void> {
  const socket = await systemSockets.connect('127.0.0.1', port, new AbortController().signal)
  for (let at = 0; at < tcpBytes; at += mebibyte) {
    const start = at % from.length
    await socket.write([from.subarray(start, start + mebibyte)])
  }
  await socket.read()
  socket.destroy()
}

async function callAll(client: BulkClient, peer: BulkPeer, from: Uint8Array): Promise<void> {
  const calls = []
  for (let at = 0; at < tcpBytes; at += 8 * mebibyte) {
    const start = at % from.length
    const part = from.subarray(start, start + 8 * mebibyte)
    calls.push(client.call(peer, 1, new Uint8Array(0), [part]))
  }
  await Promise.all(calls)
}

async function writeAll(path: string, from: Uint8Array): Promise<void> {
  const file = await disk.open(path)
  for (let at = 0; at < fileBytes; at += writeBytes) {
    await file.writeDurably([from.subarray(at, at + writeBytes)], at)
  }
  await file.close()
}

function tell({ lane, put, get, tcp, sync, copy }: Rates): void {
  const top = (values: readonly number[]) => Math.max(...values)
  const [network, durable] = [top(tcp) / expansion, top(sync) / expansion]
  const limits = `TCP ${top(tcp).toFixed(0)}, fdatasync of 4 MiB ${top(sync).toFixed(0)}, memcpy ${top(copy).toFixed(0)} MB/s`
  const how = `64 MiB blobs, 24 storers in one process, disperser and reader in another; by the wall`
  const noteOf = (values: readonly number[]) =>
    `${how}; all rounds ${values.map((value) => value.toFixed(0)).join(' ')}; load ${loadavg()[0]?.toFixed(1)}`
  const slower = Math.min(network, durable)
  const which = network < durable ? 'TCP' : 'fdatasync'
  const bench = { bench: 'da', unit: 'MB/s of blob' }
  report({
    ...bench,
    metric: 'put',
    value: top(put),
    peer: `${which} over the three bytes for one: ${slower.toFixed(0)} MB/s of blob (${limits})`,
    ratio: top(put) / slower,
    note: noteOf(put),
  })
  report({
    ...bench,
    metric: 'get',
    value: top(get),
    peer: `TCP: ${top(tcp).toFixed(0)} MB/s (${limits})`,
    ratio: top(get) / top(tcp),
    note: noteOf(get),
  })
  report({
    bench: 'da',
    unit: 'MB/s',
    metric: 'lane',
    value: top(lane),
    peer: `TCP: ${top(tcp).toFixed(0)} MB/s`,
    ratio: top(lane) / top(tcp),
    note: `requests of 8 MiB to a server that forgets them; ${noteOf(lane)}`,
  })
  for (const [metric, values] of [
    ['tcp', tcp],
    ['fdatasync', sync],
    ['memcpy-64-mib', copy],
  ] as const) {
    report({ bench: 'da', metric, value: top(values), unit: 'MB/s', note: noteOf(values) })
  }
  remark('put and get were measured with storers, disperser and reader on this one machine')
}
