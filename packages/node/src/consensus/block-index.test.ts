import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { BlockIndex } from './block-index.ts'

const idOf = (n: number) => new Uint8Array(createHash('sha256').update(`${n}`).digest())

it('finds each of many ids, and no other', () => {
  const index = new BlockIndex()
  for (let height = 0; height < 5_000; height++) index.add(idOf(height))
  expect(index.count).toBe(5_000)
  for (let height = 0; height < 5_000; height++) {
    expect(index.heightOf(idOf(height))).toBe(height)
    expect(index.idAt(height)).toEqual(idOf(height))
  }
  for (let n = 5_000; n < 10_000; n++) expect(index.heightOf(idOf(n))).toBeUndefined()
  expect(index.heightOf(new Uint8Array(31))).toBeUndefined()
})

it('tells ids apart that begin alike', () => {
  const index = new BlockIndex()
  const alike = (last: number) => new Uint8Array(32).fill(last, 31)
  for (let height = 0; height < 100; height++) index.add(alike(height))
  for (let height = 0; height < 100; height++) expect(index.heightOf(alike(height))).toBe(height)
  expect(index.heightOf(alike(200))).toBeUndefined()
})
