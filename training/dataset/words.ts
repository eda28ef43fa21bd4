import type { Chance } from './chance.ts'

/** Words to put into the slots. */
export type Words = {
  name(chance: Chance): string
  token(chance: Chance): string
}

/** Tokens that people trade: each is drawn as often as some made-up word. */
const knownTokens = [
  'GOODS',
  'CASH',
  'SOL',
  'ETH',
  'AO',
  'AR',
  'BTC',
  'USD',
  'GOLD',
  'OIL',
  'WHEAT',
  'CORN',
  'TIN',
  'SILK',
  'TEA',
  'SALT',
  'ZINC',
  'WOOL',
  'RICE',
  'COPPER',
  'EUR',
  'USDC',
  'DOGE',
  'IRON',
]

const freshTokens = ['SUGAR', 'WINE', 'DOT', 'NEAR', 'STEEL', 'COTTON', 'YEN', 'KSM']
const freshNames = [
  'ivan',
  'bela',
  'carmen',
  'dora',
  'emil',
  'greta',
  'hugo',
  'ines',
  'jonas',
  'katya',
  'lena',
  'mallory',
]

const consonants = [...'bcdfghjklmnprstvwyz']
const vowels = [...'aeiou']
const letters = [...consonants, ...vowels, 'q', 'x']

/** Half real tokens, half words nobody has seen: so that copying is learnt, not a list. */
export const taughtWords: Words = {
  name: (chance) => drawUnless(freshNames, () => makeWord(chance, 3 + chance.below(5))),
  token: (chance) => {
    if (chance.below(2) === 0) return chance.pick(knownTokens)
    return drawUnless(freshTokens, () => makeTicker(chance, 2 + chance.below(5)))
  },
}

/** Names and tokens that training never drew. */
export const freshWords: Words = {
  name: (chance) => chance.pick(freshNames),
  token: (chance) => chance.pick(freshTokens),
}

function drawUnless(kept: readonly string[], draw: () => string): string {
  for (;;) {
    const word = draw()
    if (!kept.includes(word)) return word
  }
}

/** Consonants and vowels by turns, beginning with either. */
function makeWord(chance: Chance, length: number): string {
  const first = chance.below(3) === 0 ? 1 : 0
  const sounds = Array.from({ length }, (_, i) =>
    chance.pick((i + first) % 2 === 0 ? consonants : vowels),
  )
  return sounds.join('')
}

function makeTicker(chance: Chance, length: number): string {
  const word = Array.from({ length }, () => chance.pick(letters)).join('')
  return word.toUpperCase()
}

/** From one to four digits, each length as often as the others; no leading zero. */
export function drawQuantity(chance: Chance): string {
  const digits = 1 + chance.below(4)
  return String(10 ** (digits - 1) + chance.below(9 * 10 ** (digits - 1)))
}
