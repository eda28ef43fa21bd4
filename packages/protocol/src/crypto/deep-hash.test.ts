import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { concatBytes, encodeText } from '../base/index.ts'
import { deepHash } from './deep-hash.ts'
import { portableCrypto } from './portable.ts'

function sha384(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(createHash('sha384').update(concatBytes(parts)).digest())
}

describe('deepHash', () => {
  test('of bytes is the hash of their tag and their hash', () => {
    const bytes = encodeText('abc')
    const expected = sha384(sha384(encodeText('blob3')), sha384(bytes))
    expect(deepHash(bytes, portableCrypto)).toEqual(expected)
  })

  test('of a list folds its parts from the left', () => {
    const [a, b] = [encodeText('a'), encodeText('bb')]
    const leaf = (bytes: Uint8Array) => deepHash(bytes, portableCrypto)
    const expected = sha384(sha384(sha384(encodeText('list2')), leaf(a)), leaf(b))
    expect(deepHash([a, b], portableCrypto)).toEqual(expected)
  })

  test('tells lists of the same bytes apart by their shape', () => {
    const [a, b] = [encodeText('a'), encodeText('b')]
    const shapes = [[a, b], [[a], b], [[a, b]], [encodeText('ab')], [], [[]]]
    const hashes = shapes.map((shape) => deepHash(shape, portableCrypto).join())
    expect(new Set(hashes).size).toBe(shapes.length)
  })
})
