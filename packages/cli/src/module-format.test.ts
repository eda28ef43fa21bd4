import { describe, expect, it } from 'vitest'
import { guessFormat } from './module-format.ts'

const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
const format32 = 'wasm32-unknown-emscripten4'
const format64 = 'wasm64-unknown-emscripten-draft_2024_02_15'

function section(id: number, ...body: number[]): number[] {
  // The length is written in two bytes, as compilers do that leave room for it.
  return [id, (body.length & 127) | 128, body.length >> 7, ...body]
}

function name(text: string): number[] {
  return [text.length, ...new TextEncoder().encode(text)]
}

const types = section(1, 1, 0x60, 0, 0)
const imported = (...entry: number[]) => [...name('env'), ...name('x'), ...entry]
/** A module that imports one function. */
const importing = (space: string, text: string) => [
  ...types,
  ...section(2, 1, ...name(space), ...name(text), 0, 0),
]

describe('the format', () => {
  it.each([
    ['no memory', [], format32],
    ['a 32-bit memory', section(5, 1, 0, 1), format32],
    ['a 64-bit memory', section(5, 1, 4, 1), format64],
    ['a 64-bit memory with a maximum', section(5, 1, 5, 1, 2), format64],
    ['an imported 32-bit memory', section(2, 1, ...imported(2, 0, 1)), format32],
    ['an imported 64-bit memory', section(2, 1, ...imported(2, 4, 1)), format64],
    [
      'a 64-bit memory among other imports',
      [
        ...types,
        ...section(
          2,
          5,
          ...imported(0, 0),
          ...imported(1, 0x70, 1, 1, 200, 1),
          ...imported(3, 0x7f, 0),
          ...imported(4, 0, 0),
          ...imported(2, 5, 1, 2),
        ),
      ],
      format64,
    ],
    ['minified imports', importing('a', 'k'), 'wasm32-unknown-emscripten'],
    [
      'the copy of emscripten 3.0',
      importing('env', 'emscripten_memcpy_big'),
      'wasm32-unknown-emscripten2',
    ],
    [
      'the copy of emscripten 3.1',
      importing('env', 'emscripten_memcpy_js'),
      'wasm32-unknown-emscripten3',
    ],
    ['the copy of today', importing('env', '_emscripten_memcpy_js'), format32],
    [
      'a section of another kind that reads like one',
      section(0, ...name('n'), 5, 1, 4, 1),
      format32,
    ],
  ])('of a module with %s', (_what, body, format) => {
    expect(guessFormat(Uint8Array.from([...header, ...body]))).toBe(format)
  })

  it.each([
    ['nothing', []],
    ['text', [...new TextEncoder().encode('not wasm')]],
    ['half a module', [...header, 5, 100, 1]],
    ['a memory of an unknown kind', [...header, ...section(5, 1, 0x40, 1)]],
  ])('of %s is none', (_what, bytes) => {
    expect(() => guessFormat(Uint8Array.from(bytes))).toThrow(/not a valid WebAssembly module/)
  })
})
