import { expect, it } from 'vitest'
import { freeMemory } from './index.ts'

it('gives back bytes that have a buffer of their own, and leaves alone what others may see', () => {
  const own = new Uint8Array(100_000)
  freeMemory(own)
  expect(own.buffer.byteLength).toBe(0)
  const seen = new Uint8Array(100_000).fill(7)
  freeMemory(seen.subarray(1))
  freeMemory(seen.subarray(0, 99_999))
  freeMemory(new Uint8Array(new SharedArrayBuffer(8)))
  expect(seen.every((byte) => byte === 7)).toBe(true)
})
