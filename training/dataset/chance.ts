import { uniformAt } from '@heddle/protocol/model'

/** Draws that follow from a seed alone, by counter. */
export type Chance = {
  /** A whole number from 0 up to `most`, which is not reached. */
  below(most: number): number
  pick<T>(list: readonly T[]): T
}

export function createChance(seed: number): Chance {
  let drawn = 0
  const below = (most: number) => Math.floor(uniformAt(seed, drawn++) * most)
  return {
    below,
    pick: (list) => {
      const value = list[below(list.length)]
      if (value === undefined) throw new RangeError('nothing to pick from')
      return value
    },
  }
}
