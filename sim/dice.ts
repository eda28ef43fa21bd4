import { createHash } from 'node:crypto'

/** All chance of a run. Equal seeds give equal draws, in equal order. */
export type Dice = {
  /** A number in [0, 1). */
  draw(): number
  /** True with this probability. */
  chance(probability: number): boolean
  /** A number in [low, high). */
  between(low: number, high: number): number
  /** A whole number in [low, high]. */
  whole(low: number, high: number): number
  pick<T>(of: readonly T[]): T
  bytes(length: number): Uint8Array
  /** Dice of their own for one part of the world, so that parts do not disturb each other's draws. */
  fork(label: string): Dice
}

/** The sfc32 generator (C. Doty-Humphrey, PractRand), its state filled from the seed's SHA-256. */
export function createDice(seed: string): Dice {
  const digest = createHash('sha256').update(seed).digest()
  let [a, b, c, counter] = [0, 4, 8, 12].map((at) => digest.readUInt32LE(at)) as [
    number,
    number,
    number,
    number,
  ]
  const draw = () => {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return (sum >>> 0) / 2 ** 32
  }
  const whole = (low: number, high: number) => low + Math.floor(draw() * (high - low + 1))
  return {
    draw,
    whole,
    chance: (probability) => draw() < probability,
    between: (low, high) => low + draw() * (high - low),
    pick<T>(of: readonly T[]): T {
      const one = of[whole(0, of.length - 1)]
      if (one === undefined) throw new RangeError('there is nothing to pick from')
      return one
    },
    bytes: (length) => Uint8Array.from({ length }, () => whole(0, 255)),
    fork: (label) => createDice(`${seed}/${label}`),
  }
}
