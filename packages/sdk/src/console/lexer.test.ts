import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { colourCode, isUnfinished, type Language, readTokens } from './lexer.ts'

const code = fc.string({
  unit: fc.constantFrom(...'ab 1\'"`[](){}=-/*\\\n$.éfunctionend'.split('')),
})
const languages = fc.constantFrom<Language>('javascript', 'lua')

test('tokens joined are the code, whatever it is', () => {
  fc.assert(
    fc.property(code, languages, (text, language) => {
      const joined = readTokens(text, language).map((token) => token.text)
      expect(joined.join('')).toBe(text)
      expect(stripVTControlCharacters(colourCode(text, language))).toBe(text)
    }),
  )
})

describe('isUnfinished', () => {
  it.each<[Language, string, boolean]>([
    ['javascript', 'let a = 1', false],
    ['javascript', 'on("Inc", (msg) => {', true],
    ['javascript', 'on("Inc", (msg) => {\n})', false],
    ['javascript', '`a $1\n', true],
    ['javascript', '/* a', true],
    ['javascript', '")" + (', true],
    ['javascript', ')', false],
    ['lua', 'return 1', false],
    ['lua', 'function f(x)', true],
    ['lua', 'function f(x)\n return x end', false],
    ['lua', 'for i = 1, 3 do', true],
    ['lua', 'if a then b() elseif c then', true],
    ['lua', 'if a then b() elseif c then d() end', false],
    ['lua', 'repeat x()', true],
    ['lua', 'repeat x() until y', false],
    ['lua', 'a = [==[ text ]]', true],
    ['lua', '-- end of what', false],
    ['lua', '"function"', false],
    ['lua', 'friend = {', true],
  ])('%s: %s', (language, text, isSo) => {
    expect(isUnfinished(text, language)).toBe(isSo)
  })
})

it('colours keywords and texts', () => {
  expect(colourCode("let a = 'b'", 'javascript')).toBe("\x1b[36mlet\x1b[0m a = \x1b[32m'b'\x1b[0m")
})
