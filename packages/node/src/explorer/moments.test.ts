import { expect, it } from 'vitest'
import { MomentLog } from './moments.ts'

it('remembers when slots came and were lasting, of those it remembers at all', () => {
  const moments = new MomentLog(2)
  for (const slot of [0, 1, 2]) moments.scheduled('P', slot, 10 + slot, slot === 2 ? 9 : undefined)
  expect(moments.evaluated('P', 2, 20)).toBe(8)
  moments.lasting('publishedMs', 'P', 2, 3, 40)
  moments.lasting('certifiedMs', 'P', 0, 3, 50)
  expect([0, 1, 2, 3].map((slot) => moments.of('P', slot))).toEqual([
    {},
    { scheduledMs: 11, certifiedMs: 50 },
    { receivedMs: 9, scheduledMs: 12, evaluatedMs: 20, publishedMs: 40, certifiedMs: 50 },
    {},
  ])
  // A range of a whole log costs no more than what is remembered.
  moments.lasting('certifiedMs', 'P', 0, 1e12, 60)
  expect(moments.of('P', 2).certifiedMs).toBe(50)
})
