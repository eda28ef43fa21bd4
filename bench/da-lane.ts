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
import type { Certificate } from '@heddle/protocol/certificate'
import { type Child, startChild } from './child.ts'
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
    await measure({ child, setFile, folder, sinkPort: Number(sinkPort), peer })
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
  readonly child: Child
  readonly setFile: string
  readonly folder: string
  readonly sinkPort: number
  /** A lane whose server forgets what it gets. */
  readonly peer: BulkPeer
}

/** MB/s by the wall, per CPU-second of this process, and per CPU-second of the storers' process. */
type Rate = { readonly wall: number; readonly own: number; readonly storers: number }
type Work = 'put' | 'get' | 'tcp' | 'lane' | 'sync' | 'copy'

async function measure({ child, setFile, folder, sinkPort, peer }: Storers): Promise<void> {
  const { client, disperser, retriever } = await openEnds(setFile)
  const blob = new Uint8Array(blobBytes)
  for (let at = 0; at < blobBytes; at += 65_536) blob.set(random.bytes(65_536), at)
  const back = new Uint8Array(blobBytes)
  let certificate: Certificate | undefined
  const work: Readonly<Record<Work, readonly [number, () => Promise<void>]>> = {
    put: [
      blobBytes,
      async () => {
        certificate = (await disperser.publish([blob], { retentionSeconds: 3600 })).certificate
      },
    ],
    get: [
      blobBytes,
      async () => {
        let at = 0
        if (certificate === undefined) throw new Error('it was published')
        for await (const part of retriever.read(certificate)) {
          back.set(part, at)
          at += part.length
        }
      },
    ],
    tcp: [tcpBytes, () => sendAll(sinkPort, blob)],
    lane: [tcpBytes, () => callAll(client, peer, blob)],
    sync: [fileBytes, () => writeAll(join(folder, 'limit'), blob)],
    copy: [blobBytes, async () => back.set(blob)],
  }
  const rates: Record<Work, Rate[]> = { put: [], get: [], tcp: [], lane: [], sync: [], copy: [] }
  // The first round warms up.
  for (let round = 0; round <= rounds; round++) {
    // Another blob each time: rows that a storer has are not written again.
    blob.set(random.bytes(64))
    for (const name of Object.keys(rates) as Work[]) {
      const [bytes, run] = work[name]
      const rate = await rateOf(child, bytes, run)
      if (name === 'get' && Buffer.compare(back, blob) !== 0) throw new Error('other bytes came')
      if (round > 0) rates[name].push(rate)
    }
  }
  client.close()
  await disperser.close()
  tell(rates)
}

/** What comes after a certificate still reaches its storers, and counts into their CPU time. */
async function rateOf(child: Child, bytes: number, run: () => Promise<void>): Promise<Rate> {
  const storersBefore = Number(await child.ask('cpu'))
  const before = process.cpuUsage()
  const startMs = clock.elapsedMs()
  await run()
  const wall = bytes / 1000 / (clock.elapsedMs() - startMs)
  const storersUs = Number(await child.ask('cpu')) - storersBefore
  const { user, system } = process.cpuUsage(before)
  return { wall, own: bytes / (user + system), storers: bytes / storersUs }
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

/** Best round of each, as the note says; the work is the same in every round. */
function tell(rates: Readonly<Record<Work, readonly Rate[]>>): void {
  const best = (name: Work, by: keyof Rate) => Math.max(...rates[name].map((rate) => rate[by]))
  const [tcp, sync] = [best('tcp', 'wall'), best('sync', 'wall')]
  const limits =
    `TCP ${tcp.toFixed(0)}, fdatasync of 4 MiB ${sync.toFixed(0)}, ` +
    `memcpy ${best('copy', 'wall').toFixed(0)} MB/s`
  const setting = '64 MiB, 24 storers in one process, disperser and reader in another'
  const noteOf = (name: Work, by: keyof Rate) => {
    const all = rates[name].map((rate) => rate[by].toFixed(0)).join(' ')
    const process = by === 'own' ? 'disperser and reader' : 'storers'
    const how = by === 'wall' ? 'by the wall' : `per CPU-second of ${process}`
    return `${setting}; ${how}; all rounds ${all}; load ${loadavg()[0]?.toFixed(1)}`
  }
  const figure = (metric: string, name: Work, by: keyof Rate, peer: string, limit: number) =>
    report({
      bench: 'da',
      metric,
      value: best(name, by),
      unit: 'MB/s',
      peer,
      ratio: best(name, by) / limit,
      note: noteOf(name, by),
    })
  const third = Math.min(tcp, sync) / expansion
  const which = tcp < sync ? 'TCP' : 'fdatasync'
  const putLimit = `${which} over the three bytes for one: ${third.toFixed(0)} MB/s (${limits})`
  figure('put', 'put', 'wall', putLimit, third)
  figure('get', 'get', 'wall', `TCP: ${tcp.toFixed(0)} MB/s (${limits})`, tcp)
  figure('lane', 'lane', 'wall', `TCP: ${tcp.toFixed(0)} MB/s`, tcp)
  for (const side of ['own', 'storers'] as const) {
    const limit = best('tcp', side)
    const peer = `TCP on this side: ${limit.toFixed(0)} MB/s per CPU-second`
    for (const name of ['put', 'get', 'lane'] as const) {
      figure(`${name}-cpu-${side}`, name, side, peer, limit)
    }
  }
  for (const name of ['tcp', 'sync', 'copy'] as const) {
    const [bench, unit, value] = ['da', 'MB/s', best(name, 'wall')]
    report({ bench, metric: `limit-${name}`, value, unit, note: noteOf(name, 'wall') })
  }
  remark('put and get were measured with storers, disperser and reader on this one machine')
}
