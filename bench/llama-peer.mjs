// node-llama-cpp in a process of its own: loads a GGUF file, then answers each line `prefill N` or
// `decode N` with seconds of CPU time.
import { answerSeconds, openLlama, promptOf, spentSeconds } from './peer-lines.mjs'

const [entry, modelPath, contextText] = process.argv.slice(2)
const sequence = await openLlama(entry, modelPath, Number(contextText))

async function prefill(count) {
  await sequence.clearHistory()
  const start = spentSeconds()
  await sequence.evaluateWithoutGeneratingNewTokens(promptOf(count))
  return spentSeconds() - start
}

async function decode(count) {
  await sequence.clearHistory()
  // The first token made pays for the prompt; it is not counted.
  let made = -1
  let start = 0
  for await (const _ of sequence.evaluate(promptOf(2), { temperature: 0, yieldEogToken: true })) {
    made += 1
    if (made === 0) start = spentSeconds()
    if (made === count) break
  }
  return spentSeconds() - start
}

await answerSeconds({ prefill, decode })
