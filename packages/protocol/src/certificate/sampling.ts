import { assert } from '../base/index.ts'

/**
 * Chance that a sampler meets a gap if the rows cannot be recovered: `samples` distinct rows of n, drawn
 * uniformly by the sampler itself, all of them there and checked. To make k of n rows unreachable, at
 * least n − k + 1 must be withheld, so at most k − 1 can be shown, and
 *
 *     P(all s drawn rows are shown) ≤ Π_{i<s} (k − 1 − i) / (n − i)
 *
 * which is below (k/n)^s. One minus that is returned. It holds for whole rows, and for one stripe when
 * the samples are that stripe's pieces.
 */
export function rowSamplingConfidence(shape: {
  readonly k: number
  readonly n: number
  readonly samples: number
}): number {
  const { k, n, samples } = shape
  assert(k > 0 && n > k && samples >= 0 && samples <= n, 'so many rows can be drawn')
  let missed = 1
  for (let i = 0; i < samples; i++) missed *= Math.max(0, k - 1 - i) / (n - i)
  return 1 - missed
}

/**
 * The same for pieces drawn uniformly, with repetition, over all rows of `stripes` stripes. Hiding one
 * stripe takes n − k + 1 pieces of it and leaves all others, so
 *
 *     P(all s drawn pieces are shown) ≤ (1 − (n − k + 1) / (n · stripes))^s
 *
 * and one minus that is returned: it falls with the number of stripes, which is why whole blobs are
 * sampled by rows.
 */
export function pieceSamplingConfidence(shape: {
  readonly k: number
  readonly n: number
  readonly stripes: number
  readonly samples: number
}): number {
  const { k, n, stripes, samples } = shape
  assert(k > 0 && n > k && stripes > 0 && samples >= 0, 'there is something to draw from')
  return 1 - (1 - (n - k + 1) / (n * stripes)) ** samples
}

/** How many distinct rows a sampler draws so that its confidence is at least 1 − 2^−bits. */
export function rowSamplesFor(k: number, n: number, bits: number): number {
  assert(bits > 0 && n > k, 'some confidence is wanted')
  let missedBits = 0
  for (let samples = 0; samples < k; samples++) {
    if (missedBits >= bits) return samples
    const shown = Math.max(0, k - 1 - samples)
    if (shown === 0) return samples + 1
    missedBits -= Math.log2(shown / (n - samples))
  }
  return k
}
