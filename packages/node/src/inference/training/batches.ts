import { uniformAt } from '@heddle/protocol/model'
import type { TrainingPlan } from './course.ts'
import type { Lesson } from './lessons.ts'

/** Examples sorted by length together, so that a batch has little empty room. */
const sortedAtOnce = 256

/** The lessons of every step, a function of seed and step alone. */
export function createBatches(
  lessons: readonly Lesson[],
  { batch, seed }: Pick<TrainingPlan, 'batch' | 'seed'>,
): (step: number) => Lesson[] {
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
