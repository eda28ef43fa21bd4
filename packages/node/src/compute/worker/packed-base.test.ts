import fc from 'fast-check'
import { expect, test } from 'vitest'
import { StoredPages, startPagesOf, unpackCheckpoint } from '../checkpoint/index.ts'
import { imagePageBytes, type MemoryImage } from '../guest/ports.ts'
import { packBase, unpackBase } from './packed-base.ts'

const byteLength = 2 * 65_536

/** A memory whose page p is filled with `pages[p]`; 0 is a page of zeros. */
function imageOf(pages: readonly number[], hostState = Uint8Array.of(5)): MemoryImage {
  const used = pages.flatMap((value, page) => (value === 0 ? [] : [{ page, value }]))
  const bytes = new Uint8Array(used.length * imagePageBytes)
  used.forEach(({ value }, i) => {
    bytes.fill(value, i * imagePageBytes, (i + 1) * imagePageBytes)
  })
  const indexes = Uint32Array.from(used.map(({ page }) => page))
  return { byteLength, indexes, pages: bytes, hostState }
}

const memory = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 32 })

test('a base without the pages of its start is the same state', () => {
  fc.assert(
    fc.property(memory, memory, (first, now) => {
      const image = imageOf(now)
      expect(unpackBase(packBase(image, undefined), undefined)).toEqual(image)
      const start = imageOf(first)
      expect(unpackBase(packBase(image, start), start)).toEqual(image)
    }),
    { numRuns: 40 },
  )
})

test('a checkpoint on a start carries the other pages alone, and is nothing without it', () => {
  fc.assert(
    fc.property(memory, fc.array(memory, { minLength: 1, maxLength: 5 }), (first, states) => {
      const start = startPagesOf(imageOf(first))
      const stored = new StoredPages(undefined, start)
      const parts = []
      for (const [i, pages] of states.entries()) {
        const image = imageOf(pages)
        const delta = stored.pack(image, i + 1)
        parts.push(delta)
        const known = new Set([0, ...first, ...states.slice(0, i).flat()])
        expect(delta.newPages).toBe(new Set(pages.filter((value) => !known.has(value))).size)
        const at = { digest: String(i), endAt: i }
        stored.confirm(i + 1, at)
        const packed = { parts, stateRoot: delta.stateRoot, at }
        expect(unpackCheckpoint(packed, byteLength, start).image).toEqual(image)
        if (first.every((value) => value === 0)) continue
        expect(() => unpackCheckpoint(packed, byteLength)).toThrow(/add up/)
        const other = startPagesOf(imageOf(first.map((value) => value && value + 9)))
        if (pages.some((value) => value > 0 && first.includes(value))) {
          expect(() => unpackCheckpoint(packed, byteLength, other)).toThrow(/state root/)
        }
      }
    }),
    { numRuns: 40 },
  )
})
