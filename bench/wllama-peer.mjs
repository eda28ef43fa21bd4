// @wllama/wllama (llama.cpp compiled to WebAssembly) in a process of its own, with one thread:
// loads a GGUF file, then answers each line `prefill N` or `decode N` with seconds of CPU time. The
// package is made for browsers: what it wants of one is put in its place here, and its worker runs
// on this thread.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { answerSeconds, promptOf, spentSeconds } from './peer-lines.mjs'

const [entry, modelPath, contextText] = process.argv.slice(2)

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

async function prefill(count) {
  await model.kvClear()
  const start = spentSeconds()
  await model.decode(promptOf(count), {})
  return spentSeconds() - start
}

async function decode(count) {
  await model.kvClear()
  await model.decode(promptOf(2), {})
  const start = spentSeconds()
  for (let i = 0; i < count; i++) {
    const { token } = await model.samplingSample()
    await model.samplingAccept([token])
    await model.decode([token], {})
  }
  return spentSeconds() - start
}

await answerSeconds({ prefill, decode })
