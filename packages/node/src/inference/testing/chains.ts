import { readLlama2cTokenizer } from '@heddle/protocol/model'
import { openCheckpoint } from './open.ts'
import { type SeededShape, seededCheckpoint } from './seeded-model.testing.ts'
import { readStories } from './stories.ts'

/**
 * Small, yet with every turn of the engine: shared key heads, odd sizes, a matrix of its own as
 * head.
 */
export const tinyShape: SeededShape = {
  dim: 48,
  hidden: 100,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  vocab: 61,
  context: 64,
  tied: false,
}

const precisions = ['f32', 'int8'] as const

/** The logits chain after `tokensMax` greedy steps from `prompt`, in hex. */
async function chainOf(
  bytes: Uint8Array,
  precision: (typeof precisions)[number],
  prompt: readonly number[],
  tokensMax: number,
): Promise<string> {
  const { engine } = await openCheckpoint(bytes, { precision })
  const session = engine.begin({ tokensMax })
  session.feed(prompt)
  while (!session.isFinished) session.step()
  return Buffer.from(session.logitsChain).toString('hex')
}

/** Chains of the frozen vectors, by name; those of stories260K where it is there. */
export async function computeChains(): Promise<Record<string, string>> {
  const chains: Record<string, string> = {}
  const stories = readStories()
  const seeded = seededCheckpoint(tinyShape, 1)
  for (const precision of precisions) {
    chains[`seeded-${precision}`] = await chainOf(seeded, precision, [5, 17, 60, 3], 48)
    if (typeof stories === 'string') continue
    chains[`stories-${precision}`] = await chainOf(stories.checkpoint, precision, [1], 255)
  }
  return chains
}

/** stories260K with its tokenizer, or why there is none. */
export async function openStories(precision: (typeof precisions)[number], sessionsMax = 1) {
  const stories = readStories()
  if (typeof stories === 'string') return stories
  const tokenizer = readLlama2cTokenizer(stories.tokenizer, 512)
  return openCheckpoint(stories.checkpoint, { precision, sessionsMax }, tokenizer)
}
