import { expect, test } from 'vitest'
import { VerifiedItems } from './verified-items.ts'

test('the least used is forgotten first', () => {
  const items = new VerifiedItems(2)
  items.add('a')
  items.add('b')
  expect(items.has('a')).toBe(true)
  items.add('c')
  expect([items.has('a'), items.has('b'), items.has('c')]).toEqual([true, false, true])
})

test('adding again neither grows it nor drops another', () => {
  const items = new VerifiedItems(2)
  items.add('a')
  items.add('b')
  items.add('b')
  expect([items.has('a'), items.has('b')]).toEqual([true, true])
})

test('a capacity of 0 remembers nothing', () => {
  const items = new VerifiedItems(0)
  items.add('a')
  expect(items.has('a')).toBe(false)
})
