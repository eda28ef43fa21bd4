import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeCursor, encodeCursor } from './cursor.ts'

const count = fc.nat({ max: Number.MAX_SAFE_INTEGER })

test('a cursor gives back where it was', () => {
  fc.assert(
    fc.property(
      count,
      count,
      fc.constantFrom('ASC' as const, 'DESC' as const),
      (ms, slot, sort) => {
        const cursor = encodeCursor(ms, slot, undefined, sort)
        expect(decodeCursor('from', cursor)).toEqual({ timestamp: ms, ordinate: slot, sort })
      },
    ),
  )
})

test('anything else is a timestamp or refused', () => {
  expect(decodeCursor('from', null)).toBeUndefined()
  expect(decodeCursor('from', '')).toBeUndefined()
  expect(decodeCursor('from', '1700000000000')).toEqual({ timestamp: 1_700_000_000_000 })
  for (const text of ['abc', btoa('1'), btoa('null'), '-1', '1.5', 'a'.repeat(5000)]) {
    expect(() => decodeCursor('from', text)).toThrow(/from must be a cursor/)
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        decodeCursor('to', text)
      } catch (error) {
        expect(error).toMatchObject({ code: 'request-invalid' })
      }
    }),
  )
})

test('values of the wrong type inside a cursor are not taken', () => {
  const text = btoa(JSON.stringify({ timestamp: 'x', ordinate: -4, sort: 'UP' }))
  expect(decodeCursor('from', text)).toEqual({})
})
