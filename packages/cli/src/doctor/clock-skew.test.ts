import { expect, it } from 'vitest'
import { clockFinding } from './clock-skew.ts'

it.each([
  ['good', { sentMs: 1000, nodeMs: 1005, receivedMs: 1010 }],
  ['warning', { sentMs: 1000, nodeMs: 4000, receivedMs: 1010 }],
  ['warning', { sentMs: 60_000, nodeMs: 50_000, receivedMs: 60_010 }],
  ['fault', { sentMs: 0, nodeMs: 99_000, receivedMs: 10 }],
  // An answer that took long tells less: the clocks may be equal.
  ['good', { sentMs: 0, nodeMs: 6000, receivedMs: 6000 }],
  ['good', { sentMs: 0, nodeMs: 0, receivedMs: 200_000 }],
  ['warning', { sentMs: 0, nodeMs: 9000, receivedMs: 6000 }],
] as const)('a clock is %s: %o', (state, reading) => {
  expect(clockFinding(reading).state).toBe(state)
})
