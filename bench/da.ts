import { loadavg } from 'node:os'
import { loadErasureKernel, nativeSha256, openBlake3, openErasureEngine } from '@heddle/node/da'
import { createRuntime } from '@heddle/node/runtime'
import type { BlobHash } from '@heddle/protocol/merkle'
import { wholeNumber } from './arguments.ts'
import { blobArenaBytes, fillRows, openBlobBench, publishStage, verifyStage } from './da-blob.ts'
import { runLane } from './da-lane.ts'
import { openPeerEncoders, type PeerEncoder } from './da-peers.ts'
import { best, measureAll, median, type Rates, type Stage } from './da-stage.ts'
import { measureWorkers } from './da-workers.ts'
import { remark, report } from './report.ts'

/** `--rounds=N`: a machine with neighbours is seldom still; more rounds meet more of it. */
const rounds = wholeNumber('rounds', 21)
const pieceBytes = 16 * 1024
const blobBytes = 32 * 1024 * 1024
const codes = [
  [64, 192],
  [64, 128],
  [16, 48],
] as const
const missingCounts = [0, 16, 32, 64]

const { disk, random } = createRuntime()

type Arena = {
  readonly kernel: WebAssembly.Module
  readonly engine: ReturnType<typeof openErasureEngine>
  readonly blob: Uint8Array
  readonly parity: Uint8Array
  readonly out: Uint8Array
}

async function openArena(): Promise<Arena> {
  const kernel = await loadErasureKernel(disk)
  const engine = openErasureEngine(kernel, {
    arenaBytes: blobBytes + blobArenaBytes(blobBytes) + 16 * 2 ** 20,
  })
  const blob = engine.allocate(blobBytes)
  for (let at = 0; at < blobBytes; at += 65536) blob.set(random.bytes(65536), at)
  return { kernel, engine, blob, parity: engine.allocate(2 ** 21), out: engine.allocate(2 ** 20) }
}

function encodeStages({ engine, blob, parity }: Arena, peers: readonly PeerEncoder[]): Stage[] {
  return codes.flatMap(([k, n]) => {
    const data = blob.subarray(0, k * pieceBytes)
    const rows = parity.subarray(0, (n - k) * pieceBytes)
    const shape = { k, n, pieceBytes }
    const own = { name: `encode-${k}-${n}`, run: () => engine.encode(shape, data, rows) }
    const others = peers.map(({ name, encode }) => ({
      name: `${name} ${k}-${n}`,
      run: () => encode(k, n, data),
    }))
    return [own, ...others].map((stage) => ({ ...stage, bytes: data.length }))
  })
}

function decodeStages({ engine, blob, parity, out }: Arena): Stage[] {
  const [k, n] = [64, 192]
  const shape = { k, n, pieceBytes }
  const data = blob.subarray(0, k * pieceBytes)
  engine.encode(shape, data, parity)
  const wanted = Array.from({ length: k }, (_, row) => row)
  return missingCounts.map((missing) => {
    const rows = wanted.map((row) => {
      const [from, at, index] = row < missing ? [parity, row, k + row] : [data, row, row]
      return { index, piece: from.slice(at * pieceBytes, (at + 1) * pieceBytes) }
    })
    const run = () => engine.decode(shape, rows, wanted, out)
    run()
    if (Buffer.compare(out, data) !== 0) throw new Error(`${missing} rows did not come back`)
    return { name: `decode-missing-${missing}`, bytes: data.length, run }
  })
}

/** What the machine allows at most: copying a stripe, hashing what the pipeline hashes. */
function limitStages({ blob, out }: Arena, hashes: readonly (readonly [string, BlobHash])[]) {
  const data = blob.subarray(0, out.length)
  const copy = { name: 'memcpy', bytes: out.length, run: () => out.set(data) }
  const hashing = hashes.map(([name, hash]) => ({
    name: `hash ${name}`,
    bytes: out.length,
    run: () => {
      for (let at = 0; at < data.length; at += pieceBytes) {
        hash.digest(data.subarray(at, at + pieceBytes))
      }
    },
  }))
  return [copy, ...hashing]
}

function describe(rates: Rates | undefined): string {
  const { cpu = [], wall = [] } = rates ?? {}
  const [middle, clock] = [median(cpu).toFixed(0), best(wall).toFixed(0)]
  const load = loadavg()[0]?.toFixed(1)
  const how = `per CPU-second of one thread, best of ${rounds} rounds`
  return `${how}; middle round ${middle}, best by the wall ${clock} MB/s; load ${load}`
}

function reportCoding(measured: ReadonlyMap<string, Rates>, peers: readonly PeerEncoder[]): void {
  const rate = (name: string) => best(measured.get(name)?.cpu)
  const memcpy = rate('memcpy')
  const limit = `memcpy of a stripe: ${memcpy.toFixed(0)} MB/s`
  const names = codes.map(([k, n]) => `encode-${k}-${n}`)
  for (const metric of [...names, ...missingCounts.map((count) => `decode-missing-${count}`)]) {
    const value = rate(metric)
    const note = describe(measured.get(metric))
    const figure = { bench: 'da', unit: 'MB/s', note }
    // Fastest peer first: the line with the plain name compares with that one.
    const beside = peers
      .map(({ name }) => ({ name, own: rate(`${name} ${metric.replace('encode-', '')}`) }))
      .filter(({ own }) => own > 0)
      .sort((a, b) => b.own - a.own)
    beside.forEach(({ name, own }, place) => {
      const peer = `${name}: ${own.toFixed(2)} MB/s`
      const named = place === 0 ? metric : `${metric}-beside-${place + 1}`
      report({ ...figure, metric: named, value, peer, ratio: value / own })
    })
    const named = beside.length === 0 ? metric : `${metric}-of-memcpy`
    report({ ...figure, metric: named, value, peer: limit, ratio: value / memcpy })
  }
}

function reportBlob(measured: ReadonlyMap<string, Rates>, hash: string, suffix: string): void {
  const rate = (name: string) => best(measured.get(name)?.cpu) / 1000
  const hashing = rate(`hash ${hash}`)
  const pipeline = rate(`pipeline ${hash}`)
  const describeAs = (name: string) => describe(measured.get(`${name} ${hash}`))
  report({
    bench: 'da',
    metric: `pipeline-64-192${suffix}`,
    value: pipeline,
    unit: 'GB/s of blob',
    peer: `${hash} alone over the three bytes for one: ${(hashing / 3).toFixed(3)} GB/s of blob`,
    ratio: pipeline / (hashing / 3),
    note: `32 MiB blob, ${hash}, two fingerprints; ${describeAs('pipeline')}`,
  })
  const verify = rate(`verify ${hash}`)
  report({
    bench: 'da',
    metric: `verify${suffix}`,
    value: verify,
    unit: 'GB/s of rows',
    peer: `${hash} alone: ${hashing.toFixed(3)} GB/s`,
    ratio: verify / hashing,
    note: `3 rows of 32 MiB, commitment opened for them; ${describeAs('verify')}`,
  })
}

/**
 * The wide lane's kernels on one thread: erasure code, commitment, storer's check, and their
 * limits.
 */
export async function run(): Promise<void> {
  const arena = await openArena()
  const blake3 = openBlake3()
  const hashes: (readonly [string, BlobHash])[] = [['SHA-256', nativeSha256]]
  if (blake3 !== undefined) hashes.unshift(['BLAKE3', blake3])
  const peers = await openPeerEncoders()
  const coding = [...encodeStages(arena, peers), ...decodeStages(arena)]
  const rows = fillRows(arena.engine, arena.blob)
  const blobs = hashes.flatMap(([name, hash]) => {
    const bench = openBlobBench(arena.engine, hash, blobBytes, rows)
    return [publishStage(`pipeline ${name}`, bench), verifyStage(`verify ${name}`, bench)]
  })
  remark(`${rounds} rounds of some 20 stages; about two seconds each`)
  const measured = measureAll([...coding, ...blobs, ...limitStages(arena, hashes)], rounds)
  reportCoding(measured, peers)
  for (const [name] of hashes) {
    // The plain metric is BLAKE3's; without the addon there is none of that name.
    reportBlob(measured, name, name === 'BLAKE3' ? '' : '-sha256')
  }
  await measureWorkers(arena.kernel, pieceBytes, codes)
  await runLane()
}
