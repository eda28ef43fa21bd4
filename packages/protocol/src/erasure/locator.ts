import { invert } from './field.ts'
import { product } from './interpolate.ts'

/**
 * What the transform decoder needs for one pattern of known rows. With E the points of a transform
 * of `length` that are not used and e(x) = ∏ (x − ω) over them, f·e vanishes on E and is known
 * elsewhere, and its derivative on E is f·e′ (Reed–Solomon erasures by derivative, as in LCH).
 */
export type ErasureLocator = {
  /** Points of the transform: the smallest power of two that covers the code. */
  readonly length: number
  /** e(ω_i) for each known row, in the order given. */
  readonly knownScales: Uint8Array
  /** 1 / e′(ω_i) for each wanted row, in the order given; a wanted row must not be known. */
  readonly wantedScales: Uint8Array
}

export function locateErasures(
  n: number,
  known: readonly number[],
  wanted: readonly number[],
): ErasureLocator {
  const length = 1 << Math.ceil(Math.log2(n))
  const present = new Set(known)
  const erased: number[] = []
  for (let i = 0; i < length; i++) if (!present.has(i)) erased.push(i)
  return {
    length,
    knownScales: Uint8Array.from(known, (row) => product(erased, row)),
    wantedScales: Uint8Array.from(wanted, (row) =>
      invert(
        product(
          erased.filter((other) => other !== row),
          row,
        ),
      ),
    ),
  }
}
