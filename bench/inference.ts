import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bytesSource, loadEngine, openLlama2c, type Session } from '@heddle/node/inference'
import { createRuntime, nodeCrypto } from '@heddle/node/runtime'
import {
  ggufFile,
  plainVocabulary,
} from '../packages/node/src/inference/testing/gguf-file.testing.ts'
import {
  type SeededShape,
  seededCheckpoint,
  seededTokenizer,
} from '../packages/node/src/inference/testing/seeded-model.testing.ts'
import { type Child, startChild } from './child.ts'
import { measureLoad } from './inference-load.ts'
import { installPeer } from './peers.ts'
import { quantile, remark, report } from './report.ts'

const { clock, disk } = createRuntime()
const ports = { disk, crypto: nodeCrypto }

const peerName = 'node-llama-cpp'
const peerVersion = '3.22.1'
/** The last version that runs without a browser; ten times slower, so it gets fewer rounds. */
const wasmPeer = { name: '@wllama/wllama', version: '2.3.7', rounds: 3 }
const rounds = 9
const decodeTokens = 12
const prefillTokens = 64
const contextTokens = 128
const bandwidthBuffer = Buffer.alloc(128 * 2 ** 20, 1)

type Size = { readonly name: string; readonly shape: SeededShape }

const rest = { vocab: 32_000, context: 1024, tied: true }
const sizes: readonly Size[] = [
  { name: '15m', shape: { dim: 288, hidden: 768, layers: 6, heads: 6, kvHeads: 6, ...rest } },
  { name: '110m', shape: { dim: 768, hidden: 2048, layers: 12, heads: 12, kvHeads: 12, ...rest } },
]
const precisions = [
  { name: 'f32', format: 'f32', peerFormat: 'F32', bytesPerWeight: 4 },
  // 32 weights and their f32 scale.
  { name: 'int8', format: 'q8_0', peerFormat: 'Q8_0', bytesPerWeight: 36 / 32 },
] as const

type Precision = (typeof precisions)[number]
type Measured = { readonly decode: number[]; readonly prefill: number[] }

const prompt = Array.from({ length: prefillTokens }, (_, i) => 300 + ((i * 977) % 31_700))

/** Milliseconds of CPU time so far: all of what is measured runs on this one thread. */
function spentMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Tokens a second of CPU time: one answer after a short prompt, and one long prompt. */
function measure(begin: () => Session, into: Measured): void {
  const answer = begin()
  answer.feed(prompt.slice(0, 2))
  answer.step()
  const startMs = spentMs()
  for (let i = 0; i < decodeTokens; i++) answer.step()
  into.decode.push((1000 * decodeTokens) / (spentMs() - startMs))
  answer.end()
  const whole = begin()
  const prefillMs = spentMs()
  whole.feed(prompt)
  into.prefill.push((1000 * prefillTokens) / (spentMs() - prefillMs))
  whole.end()
}

async function measurePeer(peer: Child, into: Measured): Promise<void> {
  into.decode.push(decodeTokens / Number(await peer.ask(`decode ${decodeTokens}`)))
  into.prefill.push(prefillTokens / Number(await peer.ask(`prefill ${prefillTokens}`)))
}

/** The peer's package and its binary for the CPU alone, without 600 MB for graphics cards. */
function findPeer(): string | undefined {
  const binary = `@node-llama-cpp/${process.platform}-${process.arch}@${peerVersion}`
  const peer = installPeer(peerName, peerVersion, ['--omit=optional', binary])
  if ('path' in peer) return join(peer.path, 'dist/index.js')
  remark(`${peerName} is not measured: ${peer.missing}`)
  return undefined
}

function findWasmPeer(): string | undefined {
  const peer = installPeer(wasmPeer.name, wasmPeer.version)
  if ('path' in peer) return join(peer.path, 'esm/index.js')
  remark(`${wasmPeer.name} is not measured: ${peer.missing}`)
  return undefined
}

async function startPeer(
  name: string,
  script: string,
  entry: string,
  model: string,
): Promise<Child | undefined> {
  const path = new URL(script, import.meta.url).pathname
  const child = startChild(process.execPath, [path, entry, model, String(contextTokens)])
  try {
    await child.next()
    return child
  } catch (error) {
    remark(`${name} is not measured: ${String(error)}`)
    child.stop()
    return undefined
  }
}

/** GB that one thread reads from memory a second: the search for a byte that is not there. */
function measureBandwidth(): number {
  const startMs = clock.elapsedMs()
  bandwidthBuffer.indexOf(2)
  return bandwidthBuffer.length / 1e6 / (clock.elapsedMs() - startMs)
}

type Results = {
  readonly ours: Measured
  readonly theirs: Measured
  readonly wasm: Measured
  readonly bandwidth: number[]
}

/** Others may use the machine too: rounds take turns, and the ratio is that of the median round. */
function reportAll(size: Size, precision: Precision, results: Results): void {
  const { ours, theirs, wasm, bandwidth } = results
  const { dim, hidden, layers, vocab } = size.shape
  const weights = layers * (4 * dim * dim + 3 * dim * hidden) + vocab * dim
  const most = Math.max(...bandwidth)
  const limit = (most * 1e9) / (weights * precision.bytesPerWeight)
  for (const phase of ['decode', 'prefill'] as const) {
    const value = quantile(ours[phase], 0.5)
    const percent = ((100 * value) / limit).toFixed(0)
    const share = `${percent} % of ${limit.toFixed(0)}/s, which ${most.toFixed(1)} GB/s would allow`
    const about = phase === 'decode' ? share : `${prefillTokens} tokens in batches of 32`
    const note = `per second of CPU time, one thread, seeded weights; ${about}`
    const metric = `${phase}-${precision.name}-${size.name}`
    const figure = { bench: 'inference', metric, value, unit: 'tokens/s', note }
    const beside = (peerOf: string, values: readonly number[]) => {
      if (values.length === 0) return undefined
      const peer = `${peerOf} ${precision.peerFormat}: ${quantile(values, 0.5).toFixed(1)}/s`
      const ratios = values.map((their, round) => (ours[phase][round] ?? Number.NaN) / their)
      return { peer, ratio: quantile(ratios, 0.5) }
    }
    report({ ...figure, ...beside(`${peerName} ${peerVersion}`, theirs[phase]) })
    const inWasm = beside(`${wasmPeer.name} ${wasmPeer.version}`, wasm[phase])
    if (inWasm !== undefined) report({ ...figure, metric: `${metric}-wllama`, ...inWasm })
  }
}

function noResults(): Results {
  const none = (): Measured => ({ decode: [], prefill: [] })
  return { ours: none(), theirs: none(), wasm: none(), bandwidth: [] }
}

type Peers = { readonly native: Child | undefined; readonly wasm: Child | undefined }

async function runOne(
  size: Size,
  precision: Precision,
  bytes: Uint8Array,
  peersFor: (file: () => Uint8Array) => Promise<Peers>,
): Promise<void> {
  const source = bytesSource(bytes)
  const layout = await openLlama2c(source)
  const tokenizer = seededTokenizer(size.shape.vocab)
  const loadMs = clock.elapsedMs()
  const options = { precision: precision.name, contextTokens }
  const engine = await loadEngine({ layout, source, tokenizer }, ports, options)
  const loadSeconds = (clock.elapsedMs() - loadMs) / 1000
  const words = plainVocabulary(size.shape.vocab)
  const { native, wasm } = await peersFor(() => ggufFile(bytes, layout, precision.format, words))
  const results = noResults()
  for (let round = 0; round <= rounds; round++) {
    // The first round warms both up.
    const into = round === 0 ? noResults() : results
    measure(engine.begin, into.ours)
    if (native !== undefined) await measurePeer(native, into.theirs)
    if (wasm !== undefined && round <= wasmPeer.rounds) await measurePeer(wasm, into.wasm)
    into.bandwidth.push(measureBandwidth())
  }
  native?.stop()
  wasm?.stop()
  reportAll(size, precision, results)
  const metric = `load-${precision.name}-${size.name}`
  const note = 'file in memory to model ready, weights checked and packed; per GB of f32 file'
  const value = loadSeconds / (bytes.length / 1e9)
  report({ bench: 'inference', metric, value, unit: 's/GB', note })
}

/** Our kernels on one thread against llama.cpp's, native and in WebAssembly, in the same minutes. */
export async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-inference-'))
  const [entry, wasmEntry] = [findPeer(), findWasmPeer()]
  const path = join(folder, 'model.gguf')
  const start = async (name: string, script: string, peer: string | undefined) =>
    peer === undefined ? undefined : await startPeer(name, script, peer, path)
  const peersFor = async (file: () => Uint8Array): Promise<Peers> => {
    if (entry !== undefined || wasmEntry !== undefined) writeFileSync(path, file())
    const native = await start(peerName, 'llama-peer.mjs', entry)
    return { native, wasm: await start(wasmPeer.name, 'wllama-peer.mjs', wasmEntry) }
  }
  for (const size of sizes) {
    const bytes = seededCheckpoint(size.shape, 1)
    for (const precision of precisions) await runOne(size, precision, bytes, peersFor)
    if (size === sizes.at(-1)) await measureLoad(bytes, size.shape.vocab)
  }
  rmSync(folder, { recursive: true, force: true })
}
