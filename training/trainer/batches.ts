import { uniformAt } from '@heddle/protocol/model'
import type { Example } from '../dataset/generate.ts'
import { callTokens, openTokenizer, orderTokens } from '../dataset/tokenizer.ts'
import { trainingPlan } from './plan.ts'

/** An example as the model sees it: which token follows each, -1 where that does not count. */
export type Lesson = { readonly tokens: readonly number[]; readonly targets: readonly number[] }

/** Only the call is learnt: the order is given, and nobody asks the model to go on with it. */
export function readLessons(examples: readonly Example[]): Lesson[] {
  const tokenizer = openTokenizer()
  return examples.map(({ order, call }) => {
    const prompt = orderTokens(tokenizer, order)
    const all = [...prompt, ...callTokens(call)]
    const targets = all.slice(1).map((token, i) => (i + 1 < prompt.length ? -1 : token))
    return { tokens: all.slice(0, -1), targets }
  })
}

/** Examples sorted by length together, so that a batch has little empty room. */
const sortedAtOnce = 256

/** The lessons of every step, a function of seed and step alone. */
export function createBatches(lessons: readonly Lesson[]): (step: number) => Lesson[] {
  const { batch, seed } = trainingPlan
  const perRound = Math.floor(lessons.length / batch)
  let known: { readonly round: number; readonly order: Lesson[][] } = { round: -1, order: [] }
  return (step) => {
    const round = Math.floor(step / perRound)
    if (known.round !== round) known = { round, order: orderRound(lessons, seed + round, batch) }
    return known.order[step % perRound] ?? []
  }
}

function orderRound(lessons: readonly Lesson[], seed: number, batch: number): Lesson[][] {
  const mixed = shuffle(lessons, seed)
  const sorted: Lesson[] = []
  for (let at = 0; at < mixed.length; at += sortedAtOnce) {
    const part = mixed.slice(at, at + sortedAtOnce)
    sorted.push(...part.sort((a, b) => a.tokens.length - b.tokens.length))
  }
  const batches: Lesson[][] = []
  for (let at = 0; at + batch <= sorted.length; at += batch) {
    batches.push(sorted.slice(at, at + batch))
  }
  return shuffle(batches, seed + 0.5 * 2 ** 32)
}

/** Fisher and Yates, from the end. */
function shuffle<T>(list: readonly T[], seed: number): T[] {
  const mixed = [...list]
  for (let i = mixed.length - 1; i > 0; i--) {
    const j = Math.floor(uniformAt(seed, i) * (i + 1))
    const [a, b] = [mixed[i], mixed[j]]
    if (a !== undefined && b !== undefined) [mixed[i], mixed[j]] = [b, a]
  }
  return mixed
}
