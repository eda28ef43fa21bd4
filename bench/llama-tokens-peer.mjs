// node-llama-cpp in a process of its own: loads a GGUF file, then answers each line `{"tokens":[…],"count":N}` with
// the tokens that it chooses greedily after those. One thread, no GPU, prebuilt binary only.
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const [entry, modelPath] = process.argv.slice(2)
const { getLlama, LlamaLogLevel } = await import(pathToFileURL(entry).href)
const logLevel = LlamaLogLevel.error
const llama = await getLlama({ gpu: false, build: 'never', maxThreads: 1, logLevel })
const model = await llama.loadModel({ modelPath, gpuLayers: 0 })
const context = await model.createContext({ contextSize: 64, threads: 1, batchSize: 64 })
const sequence = context.getSequence()

process.stdout.write('ready\n')
for await (const line of createInterface({ input: process.stdin })) {
  const { tokens, count } = JSON.parse(line)
  await sequence.clearHistory()
  const made = []
  for await (const token of sequence.evaluate(tokens, { temperature: 0, yieldEogToken: true })) {
    made.push(token)
    if (made.length === count) break
  }
  process.stdout.write(`${JSON.stringify(made)}\n`)
}
