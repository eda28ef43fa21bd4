import { expect, it } from 'vitest'
import { begun } from './begun.ts'

it('ends what it began where nobody asks for any of it, and gives all of it else', async () => {
  let ended = 0
  async function* three() {
    try {
      for (const byte of [1, 2, 3]) yield Uint8Array.of(byte)
    } finally {
      ended++
    }
  }
  const left = (await begun(three()))[Symbol.asyncIterator]()
  await left.return?.()
  expect(ended).toBe(1)
  expect((await left.next()).done).toBe(true)
  const all: number[] = []
  for await (const part of await begun(three())) all.push(...part)
  expect([all, ended]).toEqual([[1, 2, 3], 2])
})
