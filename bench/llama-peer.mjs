// node-llama-cpp in a process of its own: loads a GGUF file, then answers each line `prefill N` or
// `decode N` with seconds of CPU time. One thread, no GPU, prebuilt binary only.
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

/** Seconds of CPU time so far: others may use the machine too. */
function spent() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

const tokens = (count) => Array.from({ length: count }, (_, i) => 300 + ((i * 977) % (vocab - 300)))

async function prefill(count) {
  await sequence.clearHistory()
  const start = spent()
  await sequence.evaluateWithoutGeneratingNewTokens(tokens(count))
  return spent() - start
}

async function decode(count) {
  await sequence.clearHistory()
  // The first token made pays for the prompt; it is not counted.
  let made = -1
  let start = 0
  for await (const _ of sequence.evaluate(tokens(2), { temperature: 0, yieldEogToken: true })) {
    made += 1
    if (made === 0) start = spent()
    if (made === count) break
  }
  return spent() - start
}

process.stdout.write('ready\n')
for await (const line of createInterface({ input: process.stdin })) {
  const [what, count] = line.split(' ')
  const seconds = what === 'prefill' ? await prefill(Number(count)) : await decode(Number(count))
  process.stdout.write(`${seconds}\n`)
}
