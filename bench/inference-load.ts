import { closeSync, mkdtempSync, openSync, read, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createInference } from '@heddle/node/inference'
import { createRuntime, nodeCrypto } from '@heddle/node/runtime'
import { encodeText } from '@heddle/protocol/base'
import { type Item, parseItem } from '@heddle/protocol/item'
import { chunkBytes, type ModelManifest } from '@heddle/protocol/model'
import {
  keepModel,
  memoryItems,
  smallTokenizer,
  testSigner,
} from '../packages/node/src/inference/testing/kept-model.testing.ts'
import { seededCheckpoint } from '../packages/node/src/inference/testing/seeded-model.testing.ts'
import { quantile, report } from './report.ts'

const runtime = createRuntime()
const { clock } = runtime
const readAt = promisify(read)
const rounds = 5
const readsAtOnce = 8

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
  const { buffer } = await readAt(file, new Uint8Array(length), 0, length, at)
  return parseItem(buffer, nodeCrypto)
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

/** A llama2.c tokenizer of `vocab` pieces, each one of its own. */
function numberedTokenizer(vocab: number): Uint8Array {
  const pieces = Array.from({ length: vocab }, (_, token) => encodeText(`${token} `))
  const bytes = new Uint8Array(4 + pieces.reduce((sum, piece) => sum + 8 + piece.length, 0))
  const view = new DataView(bytes.buffer)
  view.setUint32(0, 8, true)
  let at = 4
  for (const [token, piece] of pieces.entries()) {
    view.setFloat32(at, -token, true)
    view.setUint32(at + 4, piece.length, true)
    bytes.set(piece, at + 8)
    at += 8 + piece.length
  }
  return bytes
}

/**
 * What it takes to verify and load weights over the reading of them: items of 256 KiB on disk, the
 * service's thread, one after the other in the same minute. CPU time of the whole program, as
 * others may use the machine.
 */
export async function measureLoad(checkpoint: Uint8Array, vocab: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-load-'))
  const tokenizer = numberedTokenizer(vocab)
  for (const precision of ['int8', 'f32'] as const) {
    const model = await writeModel(join(folder, precision), checkpoint, tokenizer, precision)
    const perGb = (seconds: number) => (1e9 * seconds) / model.sizeBytes
    const reads: Spent[] = []
    const loads: Spent[] = []
    for (let round = 0; round < rounds; round++) {
      reads.push(await timed(() => readAlone(model)))
      loads.push(await loadOnce(model))
    }
    closeSync(model.file)
    const median = (of: (index: number) => number) => quantile([...reads.keys()].map(of), 0.5)
    const cpu = (list: readonly Spent[], index: number) => perGb(list[index]?.cpuSeconds ?? 0)
    const wall = (list: readonly Spent[], index: number) => perGb(list[index]?.wallSeconds ?? 0)
    const bench = 'inference'
    const unit = 's/GB'
    const wallOver = median((i) => wall(loads, i) - wall(reads, i)).toFixed(2)
    const of = `${(model.sizeBytes / 1e6).toFixed(0)} MB in items of ${chunkBytes} bytes, CPU time`
    const figures = [
      ['read', median((i) => cpu(reads, i)), 'read and parsed, nothing else'],
      [
        'verify-load',
        median((i) => cpu(loads, i)),
        'read, each chunk verified, packed, model ready',
      ],
      [
        'verify-load-over-read',
        median((i) => cpu(loads, i) - cpu(reads, i)),
        `by the wall ${wallOver}`,
      ],
    ] as const
    for (const [name, value, what] of figures) {
      const metric = `${name}-${precision}-110m`
      report({ bench, metric, value, unit, note: `${of}; ${what}; median of ${rounds} rounds` })
    }
  }
  rmSync(folder, { recursive: true, force: true })
}
