// What the peers that run models share: each is a process of its own that answers line by line.
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const vocab = 32000

/** Says that it is ready, then answers each line with a line. */
export async function answerLines(answer) {
  process.stdout.write('ready\n')
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${await answer(line)}\n`)
  }
}

/** Tokens of a prompt of this length, always the same. */
export const promptOf = (count) =>
  Array.from({ length: count }, (_, i) => 300 + ((i * 977) % (vocab - 300)))

/** Seconds of CPU time so far: others may use the machine too. */
export function spentSeconds() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** Answers each line `prefill N` or `decode N` with the seconds of CPU time that the function of this name says. */
export function answerSeconds(functions) {
  return answerLines((line) => {
    const [what, count] = line.split(' ')
    return functions[what](Number(count))
  })
}

/** A sequence of node-llama-cpp over a GGUF file. One thread, no GPU, prebuilt binary only. */
export async function openLlama(entry, modelPath, contextSize) {
  const { getLlama, LlamaLogLevel } = await import(pathToFileURL(entry).href)
  const logLevel = LlamaLogLevel.error
  const llama = await getLlama({ gpu: false, build: 'never', maxThreads: 1, logLevel })
  const model = await llama.loadModel({ modelPath, gpuLayers: 0 })
  const context = await model.createContext({ contextSize, threads: 1, batchSize: 64 })
  return context.getSequence()
}
