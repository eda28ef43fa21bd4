import { isHeddleError } from '@heddle/protocol/base'
import { describe, expect, it } from 'vitest'
import { constant, tinyModule } from '../tiny-module.fixture.ts'
import { checkInstructions } from './check-instructions.ts'
import { readShape } from './shape.ts'

/** What is said about `code` as the body of a function; undefined where it passes. */
function refusal(code: number[]): string | undefined {
  const bytes = tinyModule({ handle: code })
  try {
    checkInstructions(bytes, readShape(bytes))
    return undefined
  } catch (error) {
    return isHeddleError(error) ? `${error.code} ${error.message}` : String(error)
  }
}

const relaxed = [0xfd, 0x80, 0x02]

describe('the instruction check', () => {
  it.each([
    ['control', [0x02, 0x40, 0x03, 0x7f, 0x0c, 1, 0x0b, 0x0b, 0x0e, 2, 0, 0, 0]],
    ['calls', [0x10, 0x85, 0x00, 0x11, 2, 0, 0x12, 1, 0x13, 1, 0]],
    ['typed select', [0x1c, 1, 0x7f]],
    ['memory arguments with a long offset', [0x28, 2, 0xff, 0xff, 0x03, 0x3e, 1, 0]],
    ['memory arguments that name their memory', [0x28, 0x42, 0, 4]],
    [
      'constants that look like instructions',
      [0x41, 0xfd, 0x00, 0x42, 0xc0, 0x00, 0x43, 0xfe, 0x26, 0, 0],
    ],
    ['the eight bytes of a double', [0x44, 0x40, 0, 0xfd, 0x80, 2, 0xfe, 0, 0]],
    ['saturating conversions and bulk memory', [0xfc, 7, 0xfc, 10, 0, 0, 0xfc, 11, 0]],
    ['vector lanes, constants and loads', [0xfd, 12, ...relaxed, ...Array<number>(13).fill(0)]],
    ['lane loads', [0xfd, 84, 0, 0, 3, 0xfd, 21, 0xfe]],
    ['exceptions', [0x06, 0x40, 0x07, 0, 0x09, 0, 0x19, 0x0b, 0x1f, 0x40, 2, 0, 1, 0, 2, 1, 0x0b]],
  ])('steps over %s', (_name, code) => {
    expect(refusal(code)).toBeUndefined()
    expect(refusal([...code, ...relaxed])).toContain('relaxed SIMD')
  })

  it.each([
    ['table.set', [0x26, 0]],
    ['memory.init', [0xfc, 8, 0, 0]],
    ['data.drop', [0xfc, 9, 0]],
    ['table.init', [0xfc, 12, 0, 0]],
    ['table.grow', [0xfc, 15, 0]],
    ['memory.grow', [0x40, 0]],
    ['a typed reference', [0x02, 0x63, 0x70, 0x0b]],
    ['opcode 0x14', [0x14, 0]],
    ['opcode 0xfb', [0xfb, 0]],
    ['opcode 0xfc 18', [0xfc, 18]],
    ['threads', [0xfe, 0x10, 2, 0]],
  ])('refuses %s', (name, code) => {
    expect(refusal([...constant(0), ...code])).toContain(name)
  })
})
