import { describe, expect, it } from 'vitest'
import { cap, type Facts, type Rule, rate, slippage } from './policy.ts'

const call = { tool: 'buy' }
const nothing: Facts = { values: {}, read: [] }
const odd = [Number.NaN, -1, -0.5, Number.NEGATIVE_INFINITY]

function isRefused({ check }: Rule, past = {}): boolean {
  return check(call, nothing, { decisions: [], actedAt: [], at: 0, ...past }) !== undefined
}

describe('rules', () => {
  it('cap what is an amount, and refuse what is none', () => {
    const capped = (amount: number | undefined, most = 10) =>
      isRefused(
        cap(
          'cap',
          () => most,
          () => amount,
        ),
      )
    expect([0, 9.99, 10, undefined].map((amount) => capped(amount))).not.toContain(true)
    const refused = [...odd, 10.01, 2 ** 60, Number.POSITIVE_INFINITY]
    expect(refused.map((amount) => capped(amount))).not.toContain(false)
    expect(capped(1, Number.NaN)).toBe(true)
  })

  it('let a value be off by so much, either way, from what is something', () => {
    const off = (value: number, expected: number, percent = 25) =>
      isRefused(slippage('slippage', percent, () => [value, expected]))
    expect([off(125, 100), off(75, 100), off(100, 100, 0)]).not.toContain(true)
    expect([off(125.1, 100), off(74.9, 100), off(2 ** 60, 1)]).not.toContain(false)
    expect([0, ...odd].map((expected) => off(100, expected))).not.toContain(false)
    expect([off(Number.NaN, 100), off(100, 100, Number.NaN)]).not.toContain(false)
    expect(off(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)).toBe(true)
    expect(isRefused(slippage('slippage', 0, () => undefined))).toBe(false)
  })

  it('count actions within a time, however many refusals came between', () => {
    const rule = rate('rate', 3, 1000)
    const actedAt = [100, 200, 1500, 1600]
    expect(isRefused(rule, { actedAt, at: 1100 })).toBe(true)
    expect(isRefused(rule, { actedAt, at: 2000 })).toBe(false)
    expect(isRefused(rate('rate', 0, 1000))).toBe(true)
    for (const most of [Number.NaN, -1, 1.5, 1001]) {
      expect(() => rate('rate', most, 1000)).toThrow(RangeError)
    }
    expect(() => rate('rate', 1, Number.NaN)).toThrow(RangeError)
  })
})
