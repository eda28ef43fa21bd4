import { decodeText, isHeddleError } from '@heddle/protocol/base'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fewestTokens, promptTokens } from '../chat.ts'
import { createBytePair } from './byte-pair.ts'
import { createSentencePiece } from './sentencepiece.ts'
import { type SplitStyle, splitWords } from './split.ts'
import { textMax, tokensToBytes } from './tokenizer.ts'
import { isLetter, isNumber } from './unicode.ts'

/** The published patterns, as a second opinion on the scanner. */
const patterns: Record<SplitStyle, RegExp> = {
  'gpt-2': /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu,
  'llama-bpe':
    /'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+/gu,
  qwen2:
    /'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+/gu,
  smollm: /./g,
}

function byPattern(text: string, style: SplitStyle): string[] {
  if (style !== 'smollm') return text.match(patterns[style]) ?? []
  // Digits are cut out first; what is between them is cut as GPT-2 does, each part alone.
  const parts = text.match(/\p{N}|\P{N}+/gu) ?? []
  return parts.flatMap((part) => part.match(patterns['gpt-2']) ?? [])
}

const units = [
  ' ',
  ' ',
  '  ',
  '\n',
  '\r\n',
  '\t',
  "'",
  "'s",
  "'LL",
  "'re",
  'a',
  'Zß',
  '中',
  '\u00a0',
]
const text = fc
  .array(fc.constantFrom(...units, '1', '23', '4567', '½', '.', ',,', '😀', 'e\u0301', '-'))
  .map((parts) => parts.join(''))

describe('words', () => {
  it.each(['llama-bpe', 'qwen2'] as const)('of %s are cut in one pass, digits too', (style) => {
    expect(splitWords('7'.repeat(30_000), style)).toHaveLength(style === 'qwen2' ? 30_000 : 10_000)
  })

  for (const style of Object.keys(patterns) as SplitStyle[]) {
    it(`of ${style} are those of its published pattern`, () => {
      fc.assert(
        fc.property(text, (whole) => {
          expect(splitWords(whole, style)).toEqual(byPattern(whole, style))
        }),
        { numRuns: 500 },
      )
    })
  }

  it('rest on letters and numbers of a fixed Unicode', () => {
    const letters = ['A', 'z', 'ß', '中', '\u{1e900}', 'ǅ']
    expect(letters.map((letter) => isLetter(letter.codePointAt(0) ?? 0))).not.toContain(false)
    const others = ['@', '[', '½', '\u0301', '😀', '\u{10ffff}']
    expect(others.map((other) => isLetter(other.codePointAt(0) ?? 0))).not.toContain(true)
    expect(['0', '9', '½', '٣', 'Ⅷ'].every((n) => isNumber(n.codePointAt(0) ?? 0))).toBe(true)
    expect(isNumber(0x2f) || isNumber(0x3a)).toBe(false)
  })
})

/** GPT-2's alphabet: what byte 32 and the other unprintable ones are written as. */
function printable(byte: number): string {
  let next = 0x100
  for (let b = 0; b <= byte; b++) {
    const plain = (b > 0x20 && b < 0x7f) || (b > 0xa0 && b !== 0xad)
    if (b === byte) return String.fromCharCode(plain ? b : next)
    if (!plain) next += 1
  }
  return ''
}

const bytes = Array.from({ length: 256 }, (_, byte) => printable(byte))
const bytePair = {
  pieces: [...bytes, 'he', 'll', 'hell', 'hello', 'Ġw', 'Ġhello', '<|end|>', 'lo', 'aa'],
  merges: ['h e', 'l l', 'he ll', 'hell o', 'Ġ w', 'Ġ hello', 'l o', 'a a'],
  style: 'gpt-2' as const,
  begin: undefined,
  ends: [262],
  special: new Set([262]),
}

describe('byte pairs', () => {
  const tokenizer = createBytePair(bytePair)
  const texts = (tokens: number[]) => tokens.map((token) => bytePair.pieces[token])

  it('are joined by rank, within words', () => {
    expect(texts(tokenizer.encode('hello hello world'))).toEqual([
      'hello',
      'Ġhello',
      'Ġw',
      'o',
      'r',
      'l',
      'd',
    ])
    expect(texts(tokenizer.encode('llo'))).toEqual(['ll', 'o'])
    expect(texts(tokenizer.encode('aaaaa'))).toEqual(['aa', 'aa', 'a'])
    expect(tokenizer.encode('')).toEqual([])
  })

  it('take the name of a special token for text, and show none for the token', () => {
    expect(tokenizer.encode('<|end|>')).not.toContain(262)
    expect(tokenizer.tokenOf('<|end|>')).toBe(262)
    expect(tokenizer.bytesOf(262, undefined)).toHaveLength(0)
  })

  it('give every text back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (whole) => {
        expect(decodeText(tokensToBytes(tokenizer, tokenizer.encode(whole)))).toBe(whole)
      }),
    )
  })

  it('are never fewer than is told beforehand', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (whole) => {
        const fewest = fewestTokens(tokenizer, [whole, 7, { special: '<|end|>' }])
        expect(promptTokens(tokenizer, [whole, 7]).length + 1).toBeGreaterThanOrEqual(fewest)
      }),
    )
    const fewest = fewestTokens(tokenizer, ['hello'.repeat(1000)])
    expect(fewest).toBe(Math.ceil(5000 / tokenizer.tokenBytesMax))
  })

  it('stay quick on long words', () => {
    const tokens = tokenizer.encode('a'.repeat(200_001))
    expect(tokens).toHaveLength(100_001)
    const tooLong = () => tokenizer.encode('a'.repeat(textMax + 1))
    expect(tooLong).toThrow(expect.objectContaining({ code: 'text-too-long' }))
  })

  it('are refused where a merge or a byte has no token', () => {
    const refused = (change: Partial<typeof bytePair>) => {
      try {
        createBytePair({ ...bytePair, ...change })
      } catch (error) {
        return isHeddleError(error, 'tokenizer-invalid')
      }
      return false
    }
    expect(refused({ merges: ['q q'] })).toBe(true)
    expect(refused({ merges: ['qq'] })).toBe(true)
    expect(refused({ pieces: bytePair.pieces.slice(1) })).toBe(true)
  })
})

describe('SentencePiece', () => {
  const encoder = new TextEncoder()
  const names = Array.from({ length: 256 }, (_, byte) => {
    return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`
  })
  const pieces = ['<unk>', '<s>', '</s>', ...names, ' ', 'a', 'b', 'ab', ' a', ' ab', 'ba', 'é']
  const tokenizer = createSentencePiece({
    pieces: pieces.map((piece) => encoder.encode(piece)),
    scores: pieces.map((_, token) => -token),
    begin: 1,
    ends: [2],
    special: new Set([0, 1, 2]),
    unknown: 0,
    spaceBefore: true,
  })
  const texts = (tokens: number[]) => tokens.map((token) => pieces[token])

  it('joins the best score first, and falls back to bytes', () => {
    expect(texts(tokenizer.encode('abab'))).toEqual([' ab', 'ab'])
    expect(texts(tokenizer.encode('aba'))).toEqual([' ab', 'a'])
    expect(texts(tokenizer.encode('a é'))).toEqual([' a', ' ', 'é'])
    expect(texts(tokenizer.encode('b€'))).toEqual([' ', 'b', '<0xE2>', '<0x82>', '<0xAC>'])
  })

  it('gives every text back, names of tokens included', () => {
    const unit = fc.constantFrom('a', 'b', ' ', 'é', '€', '<s>', '</s>', '<0x41>', '😀')
    fc.assert(
      fc.property(fc.array(unit), (parts) => {
        const whole = parts.join('')
        const tokens = tokenizer.encode(whole)
        expect(tokens.length).toBeGreaterThanOrEqual(fewestTokens(tokenizer, [whole]))
        expect(tokens.some((token) => token < 3)).toBe(false)
        expect(decodeText(tokensToBytes(tokenizer, tokens, 1))).toBe(whole)
      }),
    )
  })
})
