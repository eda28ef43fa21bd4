const { imul } = Math

/** High 32 bits of the product of two u32. */
function highProduct(a: number, b: number): number {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16)
  const other = aLow * bHigh + (middle % 0x10000)
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(other / 0x10000)) >>> 0
}

/**
 * Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011): four u32 that
 * are a function of key and counter alone, so that step n needs no step before it.
 */
export function philox(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  let [a, b, c, d] = counter
  let [k0, k1] = key
  for (let round = 0; round < 10; round++) {
    const p = highProduct(0xd2511f53, a)
    const q = highProduct(0xcd9e8d57, c)
    const nextB = imul(0xcd9e8d57, c) >>> 0
    const nextD = imul(0xd2511f53, a) >>> 0
    a = (q ^ b ^ k0) >>> 0
    c = (p ^ d ^ k1) >>> 0
    b = nextB
    d = nextD
    k0 = (k0 + 0x9e3779b9) >>> 0
    k1 = (k1 + 0xbb67ae85) >>> 0
  }
  return [a, b, c, d]
}

/** A number from 0 up to 1 for step `step` of `seed` (both whole, below 2^53), with 53 bits. */
export function uniformAt(seed: number, step: number): number {
  const key = [seed >>> 0, Math.floor(seed / 2 ** 32)] as const
  const [high, low] = philox([step >>> 0, Math.floor(step / 2 ** 32), 0, 0], key)
  return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53
}
