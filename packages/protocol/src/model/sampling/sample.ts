import { samplingInvalid } from '../errors.ts'
import { exp } from '../functions.ts'
import { uniformAt } from './counter.ts'

/** How the next token is chosen. Temperature 0 is greedy; then the rest does not matter. */
export type Sampling = {
  readonly temperature: number
  /** The likeliest tokens that together have this share are drawn from. 1: all. */
  readonly topP: number
  /** Whole number below 2^53. */
  readonly seed: number
}

export const greedy: Sampling = { temperature: 0, topP: 1, seed: 0 }

/** Throws `sampling-invalid` where a value is out of its bounds. */
export function checkSampling(sampling: Sampling): Sampling {
  const { temperature, topP, seed } = sampling
  if (temperature !== 0 && !(temperature >= 0.01 && temperature <= 100)) {
    throw samplingInvalid(`temperature is ${temperature}, must be 0 or from 0.01 to 100`)
  }
  if (!(topP > 0 && topP <= 1)) throw samplingInvalid(`top-p is ${topP}, must be over 0, at most 1`)
  if (!(Number.isSafeInteger(seed) && seed >= 0)) {
    throw samplingInvalid(`seed is ${seed}, must be a whole number from 0 to 2^53 - 1`)
  }
  return sampling
}

/** The token of the largest logit; of equal ones the smallest token. */
export function likeliest(logits: Float32Array): number {
  let best = 0
  for (let i = 1; i < logits.length; i++) {
    if ((logits[i] ?? 0) > (logits[best] ?? 0)) best = i
  }
  return best
}

/** The first of `tokens` at which the shares so far go beyond `target`. */
function draw(tokens: ArrayLike<number>, shares: Float64Array, target: number): number {
  let sum = 0
  for (let i = 0; i < tokens.length; i++) {
    sum += shares[tokens[i] ?? 0] ?? 0
    if (sum > target) return tokens[i] ?? 0
  }
  return tokens[tokens.length - 1] ?? 0
}

/**
 * The likeliest tokens, in order, until their shares reach `wanted`; ties go to the smaller token.
 */
function nucleus(shares: Float64Array, total: number, topP: number) {
  const candidates: number[] = []
  // A token below this cannot be needed: all of them together have less than 1 - topP.
  const least = ((1 - topP) * total) / shares.length
  shares.forEach((share, token) => {
    if (share >= least) candidates.push(token)
  })
  candidates.sort((a, b) => (shares[b] ?? 0) - (shares[a] ?? 0) || a - b)
  let sum = 0
  let count = 0
  while (count < candidates.length && sum < topP * total) {
    sum += shares[candidates[count] ?? 0] ?? 0
    count += 1
  }
  return { tokens: candidates.slice(0, count), sum }
}

/**
 * The token chosen at `step`. A function of logits, sampling and step alone: e^x is our own, sums
 * run in order of tokens, chance is a counter's.
 */
export function sampleToken(logits: Float32Array, sampling: Sampling, step: number): number {
  const { temperature, topP, seed } = sampling
  const best = likeliest(logits)
  if (temperature === 0) return best
  const most = logits[best] ?? 0
  const shares = new Float64Array(logits.length)
  let total = 0
  for (let i = 0; i < logits.length; i++) {
    const share = exp(((logits[i] ?? 0) - most) / temperature)
    shares[i] = share
    total += share
  }
  const chance = uniformAt(seed, step)
  if (topP === 1) {
    const all = Uint32Array.from(shares.keys())
    return draw(all, shares, chance * total)
  }
  const { tokens, sum } = nucleus(shares, total, topP)
  return draw(tokens, shares, chance * sum)
}
