import { decodeText, encodeText } from '@heddle/protocol/base'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { wholeLetters } from './letters.ts'

const letter = fc.constantFrom('a', '\n', 'ß', '€', '😀', '\u{10ffff}')

it('cuts a text only between letters, and holds back no more than it must', () => {
  fc.assert(
    fc.property(fc.array(letter), fc.nat(), (letters, at) => {
      const text = letters.join('')
      const bytes = encodeText(text)
      const cut = bytes.subarray(0, at % (bytes.length + 1))
      const whole = wholeLetters(cut)
      expect(cut.length - whole).toBeLessThan(4)
      const first = decodeText(bytes.subarray(0, whole))
      expect(first + decodeText(bytes.subarray(whole))).toBe(decodeText(bytes))
      expect(wholeLetters(bytes)).toBe(bytes.length)
    }),
    { numRuns: 50 },
  )
})

it('leaves bytes that are no text as they are', () => {
  expect(wholeLetters(Uint8Array.of(0x80, 0x80, 0x80, 0x80))).toBe(4)
  expect(wholeLetters(Uint8Array.of(0x41, 0xe2, 0x82))).toBe(1)
  expect(wholeLetters(new Uint8Array(0))).toBe(0)
})
