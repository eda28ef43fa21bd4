let readSeed = () => ''
let state: [number, number, number, number] | undefined

/** Where the seed of the message under way is read. */
export function drawSeedsFrom(read: () => string): void {
  readSeed = read
}

/** Forgets the message before; nothing is read or computed until the actor asks for chance. */
export function startRandom(): void {
  state = undefined
}

/**
 * Stands in for Math's own generator: numbers in [0, 1) with 53 bits, drawn from the message's
 * seed, so every replay sees the same. Not fit for secrets: everyone can compute them.
 */
export function random(): number {
  state ??= hashSeed(readSeed())
  const high = next(state) >>> 5
  const low = next(state) >>> 6
  return (high * 67_108_864 + low) / 9_007_199_254_740_992
}

/** sfc32 (C. Doty-Humphrey, PractRand): 128 bits of state, the last word a counter. */
function next(words: [number, number, number, number]): number {
  const [a, b, c, counter] = words
  const result = (((a + b) | 0) + counter) | 0
  words[3] = (counter + 1) | 0
  words[0] = b ^ (b >>> 9)
  words[1] = (c + (c << 3)) | 0
  words[2] = (((c << 21) | (c >>> 11)) + result) | 0
  return result >>> 0
}

/** Four FNV-1a passes with different starts; the seed is a digest, so it needs no more mixing. */
function hashSeed(text: string): [number, number, number, number] {
  const words: [number, number, number, number] = [0x811c9dc5, 0x01000193, 0x9e3779b9, 1]
  for (let pass = 0; pass < 3; pass++) {
    let hash = words[pass] ?? 0
    for (let i = 0; i < text.length; i++) {
      hash = Math.imul(hash ^ (text.charCodeAt(i) + pass), 0x01000193)
    }
    words[pass] = hash
  }
  for (let i = 0; i < 12; i++) next(words)
  return words
}
