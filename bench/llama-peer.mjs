// node-llama-cpp in a process of its own: loads a GGUF file, then answers each line `prefill N` or
// `decode N` with seconds. One thread, no GPU, prebuilt binary only.
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const [entry, modelPath, contextText] = process.argv.slice(2)
const { getLlama, LlamaLogLevel } = await import(pathToFileURL(entry).href)
const llama = await getLlama({
  gpu: false,
  build: 'never',
  maxThreads: 1,
  logLevel: LlamaLogLevel.error,
})
const model = await llama.loadModel({ modelPath, gpuLayers: 0 })
const contextSize = Number(contextText)
const context = await model.createContext({ contextSize, threads: 1, batchSize: 64 })
const sequence = context.getSequence()
const vocab = 32000
const tokens = (count) => Array.from({ length: count }, (_, i) => 300 + ((i * 977) % (vocab - 300)))

async function prefill(count) {
  await sequence.clearHistory()
  const start = performance.now()
  await sequence.evaluateWithoutGeneratingNewTokens(tokens(count))
  return (performance.now() - start) / 1000
}

async function decode(count) {
  await sequence.clearHistory()
  // The first token made pays for the prompt; it is not counted.
  let made = -1
  let start = 0
  for await (const _ of sequence.evaluate(tokens(2), { temperature: 0, yieldEogToken: true })) {
    made += 1
    if (made === 0) start = performance.now()
    if (made === count) break
  }
  return (performance.now() - start) / 1000
}

process.stdout.write('ready\n')
for await (const line of createInterface({ input: process.stdin })) {
  const [what, count] = line.split(' ')
  const seconds = what === 'prefill' ? await prefill(Number(count)) : await decode(Number(count))
  process.stdout.write(`${seconds}\n`)
}
