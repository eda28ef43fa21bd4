// node-llama-cpp in a process of its own: loads a GGUF file, then answers each line `{"tokens":[…],"count":N}` with
// the tokens that it chooses greedily after those.
import { answerLines, openLlama } from './peer-lines.mjs'

const [entry, modelPath] = process.argv.slice(2)
const sequence = await openLlama(entry, modelPath, 64)

await answerLines(async (line) => {
  const { tokens, count } = JSON.parse(line)
  await sequence.clearHistory()
  const made = []
  for await (const token of sequence.evaluate(tokens, { temperature: 0, yieldEogToken: true })) {
    made.push(token)
    if (made.length === count) break
  }
  return JSON.stringify(made)
})
