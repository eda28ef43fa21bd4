import { describe, expect, test } from 'vitest'
import { encodeText, isHeddleError } from '../base/index.ts'
import type { Tag } from './item.ts'
import { decodeTags, encodeTags } from './tag-codec.ts'

const [a, b] = [Uint8Array.of(2, 0x61, 2, 0x62), Uint8Array.of(2, 0x63, 0)]
const tagA: Tag = { name: 'a', value: 'b' }
const tagB: Tag = { name: 'c', value: '' }

function area(...parts: (number | Uint8Array)[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => (typeof part === 'number' ? [part] : [...part])))
}

/** Code of the error that decoding (or encoding) throws. */
function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (isHeddleError(error)) return error.code
    throw error
  }
  return 'none'
}

describe('decodeTags', () => {
  // Counts and lengths are zig-zag: 2 is 1, 4 is 2, 1 is -1, 3 is -2.
  test.each<[string, Uint8Array, Tag[]]>([
    ['no bytes', area(), []],
    ['an encoded empty array', area(0), []],
    ['one block', area(4, a, b, 0), [tagA, tagB]],
    ['two blocks', area(2, a, 2, b, 0), [tagA, tagB]],
    ['a block with its size', area(3, 14, a, b, 0), [tagA, tagB]],
    ['both kinds of block', area(1, 8, a, 2, b, 0), [tagA, tagB]],
    ['a count spelled in two bytes', area(0x84, 0, a, b, 0), [tagA, tagB]],
  ])('reads %s', (_name, bytes, tags) => {
    expect(decodeTags(bytes, tags.length)).toEqual(tags)
  })

  test.each<[string, Uint8Array, number, string]>([
    ['fewer tags than stated', area(2, a, 0), 2, 'item-tag-count'],
    ['more tags than stated', area(4, a, b, 0), 1, 'item-tag-count'],
    ['tags where none are stated', area(2, a, 0), 0, 'item-tag-count'],
    ['no tags where some are stated', area(), 1, 'item-tag-count'],
    ['no end', area(2, a), 1, 'item-tag-encoding'],
    ['bytes after the end', area(2, a, 0, 0), 1, 'item-tag-encoding'],
    ['a block of another size', area(1, 10, a, 0), 1, 'item-tag-encoding'],
    ['a negative block size', area(1, 7, a, 0), 1, 'item-tag-encoding'],
    ['a negative length', area(2, 1, 0x61, 2, 0x62, 0), 1, 'item-tag-encoding'],
    ['a name beyond the area', area(2, 20, 0x61), 1, 'item-tag-encoding'],
    ['a number of eleven bytes', area(...Array(10).fill(0x80), 1), 1, 'item-tag-encoding'],
    ['a number of 2^63', area(...Array(9).fill(0xff), 1), 1, 'item-tag-encoding'],
    ['text that is not UTF-8', area(2, 2, 0xff, 2, 0x62, 0), 1, 'item-tag-text'],
    ['a lone surrogate', area(2, 6, 0xed, 0xa0, 0x80, 2, 0x62, 0), 1, 'item-tag-text'],
    ['129 tags', area(0), 129, 'item-too-many-tags'],
    ['an area of 4,097 bytes', new Uint8Array(4097), 0, 'item-tag-area'],
  ])('refuses %s', (_name, bytes, stated, code) => {
    expect(codeOf(() => decodeTags(bytes, stated))).toBe(code)
  })

  test('judges a name and a value by their own limit before reading them', () => {
    // 0x82 0x10 is a length of 1,025; 0x82 0x30 one of 3,073.
    expect(codeOf(() => decodeTags(area(2, 0x82, 0x10), 1))).toBe('item-tag-name')
    expect(codeOf(() => decodeTags(area(2, 2, 0x61, 0x82, 0x30), 1))).toBe('item-tag-value')
  })

  test('keeps a byte order mark, which is part of the text', () => {
    const tags = [{ name: '\ufeffa', value: '\ufeff' }]
    expect(decodeTags(encodeTags(tags), 1)).toEqual(tags)
  })
})

describe('encodeTags', () => {
  test('writes a single block', () => {
    expect(encodeTags([tagA, tagB])).toEqual(area(4, a, b, 0))
    expect(encodeTags([])).toEqual(area())
  })

  test('takes what is just within the limits', () => {
    const edges: Tag[][] = [
      [{ name: 'n'.repeat(1024), value: 'v'.repeat(3064) }],
      [{ name: 'é'.repeat(512), value: '' }],
      Array.from({ length: 128 }, (_, i) => ({ name: `tag ${i}`, value: 'v' })),
    ]
    for (const tags of edges) expect(decodeTags(encodeTags(tags), tags.length)).toEqual(tags)
    expect(encodeTags(edges[0] ?? []).length).toBeLessThanOrEqual(4096)
  })

  test.each<[string, Tag[], string]>([
    ['a long name', [{ name: 'n'.repeat(1025), value: '' }], 'item-tag-name'],
    ['a name long in UTF-8', [{ name: 'é'.repeat(513), value: '' }], 'item-tag-name'],
    ['a long value', [{ name: 'n', value: 'v'.repeat(3073) }], 'item-tag-value'],
    ['a lone surrogate', [{ name: 'n', value: '\ud800' }], 'item-tag-text'],
    ['129 tags', Array(129).fill(tagA), 'item-too-many-tags'],
    ['4,097 bytes', Array(2).fill({ name: 'n', value: 'v'.repeat(2045) }), 'item-tag-area'],
  ])('refuses %s', (_name, tags, code) => {
    expect(codeOf(() => encodeTags(tags))).toBe(code)
  })

  test('says which tag, how long, and the limit', () => {
    const tags = [tagA, { name: 'n', value: 'v'.repeat(3073) }]
    expect(() => encodeTags(tags)).toThrow(
      'the value of tag 1 has 3073 bytes, the limit is 3072. Move it into the data.',
    )
  })
})

test('every length that takes one more byte survives the round trip', () => {
  for (const length of [0, 1, 63, 64, 127, 128, 3000]) {
    const tags = [{ name: 'n', value: 'v'.repeat(length) }]
    const bytes = encodeTags(tags)
    expect(decodeTags(bytes, 1)).toEqual(tags)
    expect(bytes.length).toBe(1 + 2 + (length < 64 ? 1 : 2) + encodeText('v').length * length + 1)
  }
})
