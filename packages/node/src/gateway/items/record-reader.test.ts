import { expect, it } from 'vitest'
import { itemsLog } from '../catalog/location.ts'
import { encodeRecord } from './record.ts'
import { createRecordReader } from './record-reader.ts'

/** A log of records of 8 bytes of head and 92 of item each, which counts how often it is read. */
function logOf(count: number) {
  const reads: number[] = []
  const journal = {
    async read(log: string, slot: number) {
      reads.push(slot)
      if (log !== itemsLog || slot >= count) return []
      const bytes = encodeRecord({ kind: 'item', bytes: new Uint8Array(92).fill(slot) }, 0)
      return [{ slot, epoch: 1, bytes }]
    },
  }
  return { reads, journal }
}

it('reads a record once while it is remembered, and forgets the one read longest ago', async () => {
  const { reads, journal } = logOf(9)
  const read = createRecordReader(journal, 250)
  const same = await Promise.all([read(1), read(1)])
  expect(same[0]).toMatchObject({ kind: 'item', bytes: new Uint8Array(92).fill(1) })
  expect(same[1]).toBe(same[0])
  await read(2)
  await read(1)
  expect(reads).toEqual([1, 2])
  // Only two have room: 2 has to go.
  await read(3)
  await read(1)
  await read(2)
  expect(reads).toEqual([1, 2, 3, 2])
})

it('remembers neither what is not there yet, nor what fails, nor what is too large', async () => {
  const { reads, journal } = logOf(1)
  const read = createRecordReader(journal, 50)
  expect(await read(5)).toBeUndefined()
  expect(await read(5)).toBeUndefined()
  await read(0)
  await read(0)
  expect(reads).toEqual([5, 5, 0, 0])
  let fails = true
  const flaky = createRecordReader(
    {
      read: async (log, slot) => {
        if (fails) throw new Error('disk')
        return journal.read(log, slot)
      },
    },
    1000,
  )
  await expect(flaky(0)).rejects.toThrow('disk')
  fails = false
  expect(await flaky(0)).toMatchObject({ kind: 'item' })
})
