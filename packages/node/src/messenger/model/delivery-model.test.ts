import { expect, test } from 'vitest'
import { deliveryModel, type Flaw } from './delivery-model.ts'
import { explore } from './explore.ts'

const statesMax = 400_000

test('whatever is lost, repeated, late or crashes, each letter arrives once and in order', () => {
  const found = explore(deliveryModel(2), statesMax)
  expect(found.violation).toBeUndefined()
  expect(found.stuck).toBeUndefined()
  // The whole space, not a corner of it.
  expect(found.states).toBeGreaterThan(5_000)
})

const flaws: readonly (readonly [Flaw, RegExp | 'stuck'])[] = [
  ['receiver keeps repeats', /twice/],
  ['receiver remembers names in memory only', /twice/],
  ['receiver answers before it is durable', /lost/],
  ['sender moves on when it has sent', /lost/],
  ['sender does not wait for the letter before', /order/],
  ['sender reads results that are not durable', /not durable/],
  ['outbox is written after the result', 'stuck'],
  ['a failed letter is forgotten', /lost/],
]

test.each(flaws)('without the rule it is noticed: %s', (flaw, told) => {
  const letters = told === 'stuck' ? 1 : 2
  const { violation, stuck } = explore(deliveryModel(letters, flaw), statesMax)
  if (told === 'stuck') expect(stuck?.trace).toContain('crash of the sender')
  else expect(violation?.what).toMatch(told)
  const trace = violation?.trace ?? stuck?.trace ?? []
  expect(trace.length).toBeGreaterThan(2)
})

test('a model that is too large is refused, not sampled', () => {
  expect(() => explore(deliveryModel(2), 100)).toThrow(/more than 100 states/)
})
