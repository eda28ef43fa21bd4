/** A uniform number below `bound`, by the browser's or Node's own chance. */
export function drawBelow(bound: number): number {
  // Words that would favour small numbers are drawn again.
  const fair = 2 ** 32 - (2 ** 32 % bound)
  for (;;) {
    const [word = 0] = globalThis.crypto.getRandomValues(new Uint32Array(1))
    if (word < fair) return word % bound
  }
}

/** So many distinct numbers below `bound`, in random order. */
export function drawDistinct(count: number, bound: number): number[] {
  const all = Array.from({ length: bound }, (_, at) => at)
  return Array.from({ length: Math.min(count, bound) }, (_, at) => {
    const other = at + drawBelow(bound - at)
    const drawn = all[other] ?? 0
    all[other] = all[at] ?? 0
    all[at] = drawn
    return drawn
  })
}
