// @wllama/wllama (llama.cpp compiled to WebAssembly) in a process of its own, with one thread:
// loads a GGUF file, then answers each line `prefill N` or `decode N` with seconds of CPU time. The
// package is made for browsers: what it wants of one is put in its place here, and its worker runs
// on this thread.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const [entry, modelPath, contextText] = process.argv.slice(2)
const vocab = 32000

const blobs = new Map()
URL.createObjectURL = (blob) => {
  const url = `blob:${blobs.size}`
  blobs.set(url, blob)
  return url
}
globalThis.document = { baseURI: 'file:///' }
globalThis.Worker = class {
  #program

  constructor(url) {
    this.#program = blobs.get(url).text().then((code) => this.#start(code))
  }

  #start(code) {
    const say = (data) => setImmediate(() => this.onmessage?.({ data }))
    const names = 'postMessage process WorkerGlobalScope self document window require'.split(' ')
    const body = `let onmessage; ${code}; return (data) => onmessage({ data })`
    const self = { location: { href: 'file:///' } }
    return new Function(...names, body)(say, undefined, class {}, self)
  }

  postMessage(data) {
    this.#program.then(
      (take) => take(data),
      (error) => this.onerror?.(error),
    )
  }

  terminate() {}
}

const { Wllama } = await import(pathToFileURL(entry).href)
const wasm = readFileSync(join(dirname(entry), 'single-thread/wllama.wasm')).toString('base64')
const url = `data:application/wasm;base64,${wasm}`
const silent = { debug() {}, log() {}, warn() {}, error() {} }
const paths = { 'single-thread/wllama.wasm': url, 'multi-thread/wllama.wasm': url }
const model = new Wllama(paths, { logger: silent })
const settings = { n_ctx: Number(contextText), n_threads: 1, n_batch: 64 }
await model.loadModel([new Blob([readFileSync(modelPath)])], settings)
await model.samplingInit({ temp: 0 })

/** Seconds of CPU time so far: others may use the machine too. */
function spent() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

const tokens = (count) => Array.from({ length: count }, (_, i) => 300 + ((i * 977) % (vocab - 300)))

async function prefill(count) {
  await model.kvClear()
  const start = spent()
  await model.decode(tokens(count), {})
  return spent() - start
}

async function decode(count) {
  await model.kvClear()
  await model.decode(tokens(2), {})
  const start = spent()
  for (let i = 0; i < count; i++) {
    const { token } = await model.samplingSample()
    await model.samplingAccept([token])
    await model.decode([token], {})
  }
  return spent() - start
}

process.stdout.write('ready\n')
for await (const line of createInterface({ input: process.stdin })) {
  const [what, count] = line.split(' ')
  const seconds = what === 'prefill' ? await prefill(Number(count)) : await decode(Number(count))
  process.stdout.write(`${seconds}\n`)
}
