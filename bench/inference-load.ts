import { closeSync, mkdtempSync, openSync, read, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createInference } from '@heddle/node/inference'
import { blake3, createRuntime, nodeCrypto } from '@heddle/node/runtime'
import { type Item, parseItem } from '@heddle/protocol/item'
import { chunkBytes, type ModelManifest } from '@heddle/protocol/model'
import {
  keepModel,
  memoryItems,
  smallTokenizer,
  testSigner,
  tokenizerFile,
} from '../packages/node/src/inference/testing/kept-model.testing.ts'
import { seededCheckpoint } from '../packages/node/src/inference/testing/seeded-model.testing.ts'
import { quantile, report } from './report.ts'

const runtime = createRuntime()
const { clock } = runtime
const readAt = promisify(read)
const rounds = 5
const readsAtOnce = 16
/** An item of a chunk and all that is around it. */
const itemBytesMax = chunkBytes + 4096
/**
 * What is read comes into one of these, in turn: to clear and collect fresh memory for each would cost more than
 * the reading. Far fewer are under way at once, and each is verified once it has been copied.
 */
const buffers = Array.from({ length: 64 }, () => new Uint8Array(itemBytesMax))
let lastBuffer = 0

/** Loaded first, so that the thread runs and its code is compiled. */
const small = {
  name: 'small',
  checkpoint: seededCheckpoint(
    { dim: 48, hidden: 100, layers: 2, heads: 4, kvHeads: 2, vocab: 61, context: 64, tied: false },
    1,
  ),
  tokenizer: smallTokenizer(61),
}

type Place = { readonly at: number; readonly length: number }
type Spent = { readonly cpuSeconds: number; readonly wallSeconds: number }

/** A model whose chunks lie in one file, as items. */
type ModelOnDisk = {
  readonly id: string
  readonly sizeBytes: number
  readonly places: ReadonlyMap<string, Place>
  readonly file: number
  readonly items: ReturnType<typeof memoryItems>
}

async function writeModel(
  path: string,
  checkpoint: Uint8Array,
  tokenizer: Uint8Array,
  precision: ModelManifest['precision'],
): Promise<ModelOnDisk> {
  const items = memoryItems()
  const { id, manifest } = await keepModel(items, {
    name: 'large',
    checkpoint,
    tokenizer,
    change: { precision },
  })
  const file = openSync(path, 'w+')
  const places = new Map<string, Place>()
  let at = 0
  for (const chunk of manifest.chunks) {
    const { bytes } = items.all.get(chunk) as Item
    items.all.delete(chunk)
    writeSync(file, bytes)
    places.set(chunk, { at, length: bytes.length })
    at += bytes.length
  }
  return { id, sizeBytes: checkpoint.length, places, file, items }
}

async function readItem(file: number, { at, length }: Place): Promise<Item> {
  lastBuffer = (lastBuffer + 1) % buffers.length
  const into = (buffers[lastBuffer] as Uint8Array).subarray(0, length)
  await readAt(file, into, 0, length, at)
  return parseItem(into, nodeCrypto)
}

async function timed(work: () => Promise<unknown>): Promise<Spent> {
  const before = process.cpuUsage()
  const startMs = clock.elapsedMs()
  await work()
  const { user, system } = process.cpuUsage(before)
  return { cpuSeconds: (user + system) / 1e6, wallSeconds: (clock.elapsedMs() - startMs) / 1000 }
}

/** The items that hold the weights, read as the service has them read, and nothing else. */
async function readAlone({ places, file }: ModelOnDisk): Promise<void> {
  const all = places.values()
  const lane = async () => {
    for (const place of all) await readItem(file, place)
  }
  await Promise.all(Array.from({ length: readsAtOnce }, lane))
}

/** From the question for a model to the model ready, on a thread that runs already. */
async function loadOnce({ id, places, file, items }: ModelOnDisk): Promise<Spent> {
  const item = async (wanted: string) => {
    const place = places.get(wanted)
    return place === undefined ? await items.item(wanted) : await readItem(file, place)
  }
  const kept = { ...items, item }
  const given = { items: kept, signer: testSigner, engine: nodeCrypto, runtime }
  const { service, close } = createInference(given)
  const first = await keepModel(items, small)
  await service.facts(await service.catalog.find(first.id))
  const model = await service.catalog.find(id)
  const spent = await timed(() => service.facts(model))
  await close()
  return spent
}

/** Seconds a GB that work on 64 MiB takes this thread; the best of some. */
function leastSeconds(work: () => void): number {
  const times = Array.from({ length: rounds }, () => {
    const startMs = clock.elapsedMs()
    work()
    return (clock.elapsedMs() - startMs) / 1000 / ((256 * chunkBytes) / 1e9)
  })
  return Math.min(...times)
}

/**
 * What no loader can do without, each step alone and at its best in this minute: the hash of each chunk, a copy of it, and
 * memory for what is kept of it, whose every page the system clears when it is first touched.
 */
function leastNote(keptShare: number): string {
  const [from, to] = [new Uint8Array(chunkBytes).fill(1), new Uint8Array(chunkBytes)]
  const perChunk = (step: () => unknown) =>
    leastSeconds(() => {
      for (let i = 0; i < 256; i++) step()
    })
  const fresh = leastSeconds(() => {
    const bytes = new Uint8Array(new WebAssembly.Memory({ initial: 1024 }).buffer)
    for (let at = 0; at < bytes.length; at += 4096) bytes[at] = 1
  })
  const parts = [
    ['BLAKE3', perChunk(() => (blake3 ?? nodeCrypto.sha256)(from))],
    ['a copy', perChunk(() => to.set(from))],
    ['fresh memory', keptShare * fresh],
  ] as const
  return parts.map(([name, seconds]) => `${name} ${seconds.toFixed(2)}`).join(', ')
}

/**
 * What it takes to verify and load weights over the reading of them: items of 256 KiB on disk, the
 * service's thread, one after the other in the same minute; by the wall, and in CPU time of the whole
 * program, as others may use the machine.
 */
export async function measureLoad(checkpoint: Uint8Array, vocab: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-load-'))
  const tokenizer = tokenizerFile(Array.from({ length: vocab }, (_, token) => `${token} `))
  for (const precision of ['int8', 'f32'] as const) {
    const model = await writeModel(join(folder, precision), checkpoint, tokenizer, precision)
    const reads: Spent[] = []
    const loads: Spent[] = []
    for (let round = 0; round < rounds; round++) {
      reads.push(await timed(() => readAlone(model)))
      loads.push(await loadOnce(model))
    }
    closeSync(model.file)
    reportLoad(precision, model.sizeBytes, reads, loads)
  }
  rmSync(folder, { recursive: true, force: true })
}

function reportLoad(
  precision: 'int8' | 'f32',
  sizeBytes: number,
  reads: readonly Spent[],
  loads: readonly Spent[],
): void {
  const gigabytes = sizeBytes / 1e9
  const perGb = (of: (read: Spent, load: Spent) => number) =>
    reads.map((read, i) => of(read, loads[i] as Spent) / gigabytes)
  const of = `${(sizeBytes / 1e6).toFixed(0)} MB in items of ${chunkBytes} bytes`
  // Packed weights take 36 bytes where there were 128.
  const least = leastNote(precision === 'int8' ? 36 / 128 : 1)
  const whole = 'each chunk verified, packed, model ready, less the reading'
  const figures = [
    ['read', perGb((read) => read.wallSeconds), 'read and parsed, nothing else'],
    ['verify-load-over-read', perGb((a, b) => b.wallSeconds - a.wallSeconds), whole],
    [
      'verify-load-over-read-cpu',
      perGb((a, b) => b.cpuSeconds - a.cpuSeconds),
      `${whole}, CPU time of all threads; steps alone: ${least}`,
    ],
  ] as const
  for (const [name, values, what] of figures) {
    const value = quantile(values, 0.5)
    const best = quantile(values, 0).toFixed(2)
    const note = `${of}; ${what}; median of ${rounds} rounds, the best ${best}`
    report({ bench: 'inference', metric: `${name}-${precision}-110m`, value, unit: 's/GB', note })
  }
}
