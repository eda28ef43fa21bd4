import { expect, it } from 'vitest'
import { createQueryCheck } from './check-query.ts'
import { queryLimits } from './limits.ts'

const query = (first: number) => `{ transactions(first: ${first}) { edges { cursor } } }`

it('reads a text once while it is remembered, and forgets the one asked longest ago', () => {
  const check = createQueryCheck(2 * query(1).length)
  const one = check(query(1))
  expect(one).toHaveProperty('document')
  const two = check(query(2))
  expect(check(query(1))).toBe(one)
  check(query(3))
  expect(check(query(1))).toBe(one)
  expect(check(query(2))).not.toBe(two)
})

it('refuses each time what does not hold', () => {
  const check = createQueryCheck()
  for (const bad of ['{ nonsense }', '{', `{ a${'a'.repeat(queryLimits.length)} }`]) {
    expect(check(bad)).toHaveProperty('errors')
    expect(check(bad)).toHaveProperty('errors')
  }
})
