/**
 * One block of AES-128 (FIPS 197), for the key H = AES_K(0) of GHASH where no native AES is at
 * hand. Tables leak their index through the cache; keys here are public, so nothing is lost.
 */
export function encryptBlock(key: Uint8Array, block: Uint8Array): Uint8Array {
  const roundKeys = expandKey(key)
  let state = addRoundKey(block, roundKeys, 0)
  for (let round = 1; round <= 10; round++) {
    const shifted = shiftRows(state.map((byte) => sbox[byte] ?? 0))
    state = addRoundKey(round < 10 ? mixColumns(shifted) : shifted, roundKeys, round)
  }
  return state
}

function double(a: number): number {
  return ((a << 1) ^ (a & 0x80 ? 0x11b : 0)) & 255
}

/** Inverse in AES's field followed by its affine map, walked along powers of 3 and of 1/3. */
const sbox = buildSbox()

function buildSbox(): Uint8Array {
  const box = new Uint8Array(256)
  box[0] = 0x63
  let p = 1
  let q = 1
  do {
    p ^= double(p)
    q ^= q << 1
    q ^= q << 2
    q ^= q << 4
    q &= 255
    if (q & 0x80) q ^= 0x09
    const rotate = (by: number) => ((q << by) | (q >> (8 - by))) & 255
    box[p] = q ^ rotate(1) ^ rotate(2) ^ rotate(3) ^ rotate(4) ^ 0x63
  } while (p !== 1)
  return box
}

function expandKey(key: Uint8Array): Uint8Array {
  const words = new Uint8Array(176)
  words.set(key)
  let constant = 1
  for (let at = 16; at < 176; at += 4) {
    let word = words.slice(at - 4, at)
    if (at % 16 === 0) {
      word = Uint8Array.of(word[1] ?? 0, word[2] ?? 0, word[3] ?? 0, word[0] ?? 0)
      word = word.map((byte) => sbox[byte] ?? 0)
      word[0] = (word[0] ?? 0) ^ constant
      constant = double(constant)
    }
    for (let i = 0; i < 4; i++) words[at + i] = (words[at + i - 16] ?? 0) ^ (word[i] ?? 0)
  }
  return words
}

function addRoundKey(state: Uint8Array, roundKeys: Uint8Array, round: number): Uint8Array {
  return state.map((byte, i) => byte ^ (roundKeys[16 * round + i] ?? 0))
}

/** Row r of the column-wise state moves left by r. */
function shiftRows(state: Uint8Array): Uint8Array {
  return state.map((_, i) => state[(i + 4 * (i % 4)) % 16] ?? 0)
}

function mixColumns(state: Uint8Array): Uint8Array {
  return state.map((own, i) => {
    const at = (by: number) => state[i - (i % 4) + ((i + by) % 4)] ?? 0
    return double(own) ^ double(at(1)) ^ at(1) ^ at(2) ^ at(3)
  })
}
