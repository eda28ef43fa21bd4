import { readFileSync } from 'node:fs'
import { sha256 } from '@noble/hashes/sha2.js'
import { describe, expect, it } from 'vitest'
import { toHex } from '../base/index.ts'
import { cantorBasis, multiply, referenceErasure } from './index.ts'

type Vectors = {
  readonly cantorBasis: readonly number[]
  readonly products: readonly (readonly [number, number, number])[]
  readonly stripes: readonly {
    readonly k: number
    readonly n: number
    readonly pieceBytes: number
    readonly firstParityRow: string
    readonly paritySha256: string
  }[]
}

const path = new URL('../../../../spec/vectors/erasure.json', import.meta.url)
const vectors = JSON.parse(readFileSync(path, 'utf8')) as Vectors

describe('erasure vectors', () => {
  it('freeze the field', () => {
    expect(cantorBasis).toEqual(vectors.cantorBasis)
    for (const [a, b, product] of vectors.products) expect(multiply(a, b)).toBe(product)
  })

  it.each(vectors.stripes)('freeze the code at $k of $n, pieces of $pieceBytes', (vector) => {
    const { k, n, pieceBytes } = vector
    const data = Uint8Array.from({ length: k * pieceBytes }, (_, i) => (i * i + 31 * i) >> 3)
    const parity = new Uint8Array((n - k) * pieceBytes)
    referenceErasure.encode({ k, n, pieceBytes }, data, parity)
    expect(toHex(parity.subarray(0, pieceBytes))).toBe(vector.firstParityRow)
    expect(toHex(sha256(parity))).toBe(vector.paritySha256)
  })
})
