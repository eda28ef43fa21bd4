import { encodeBase64Url } from '@heddle/protocol/base'
import { errorResult } from '@heddle/protocol/message'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeEvaluation, decodeHead, encodeRecord } from './record.ts'

const head = fc.record({
  messageId: fc.uint8Array({ minLength: 32, maxLength: 32 }).map(encodeBase64Url),
  timestampMs: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  blockHeight: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  cron: fc.option(fc.stringMatching(/^[a-z0-9-]{1,40}$/), { nil: undefined }),
  failed: fc.boolean(),
  decidedBy: fc.constantFrom('module' as const, 'unit' as const),
  resultChain: fc.uint8Array({ minLength: 32, maxLength: 32 }),
})

const decided = { decidedBy: 'module', resultChain: new Uint8Array(32).fill(5) } as const
const entry = { messageId: 'A'.repeat(43), timestampMs: 1000, blockHeight: 7, cron: '1-day' }

test('a record gives back what was put in', () => {
  fc.assert(
    fc.property(head, fc.string(), (given, text) => {
      const result = errorResult(text)
      const record = encodeRecord(given, JSON.stringify(result))
      const { cron, ...rest } = given
      expect(decodeHead(record)).toMatchObject(rest)
      expect(decodeHead(record).cron).toBe(cron)
      const evaluation = decodeEvaluation('p', 3, record)
      expect(evaluation).toMatchObject({ processId: 'p', slot: 3, messageId: given.messageId })
      expect(evaluation.result).toEqual(result)
      expect('cron' in evaluation).toBe(given.cron !== undefined)
    }),
  )
})

test('any other bytes are refused, not misread', () => {
  const good = encodeRecord(
    { messageId: 'A'.repeat(43), timestampMs: 1, blockHeight: 2, failed: false, ...decided },
    '{}',
  )
  for (let length = 0; length < good.length; length++) {
    expect(() => decodeEvaluation('p', 0, good.subarray(0, length))).toThrow(/result record/)
  }
  expect(() => decodeHead(Uint8Array.of(3, ...good.subarray(1)))).toThrow(/unknown version 3/)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        decodeEvaluation('p', 0, bytes)
      } catch (error) {
        expect(error).toMatchObject({ code: 'result-record-invalid' })
      }
    }),
  )
})

// The encoding is on disks: it changes only with a new version.
test('the encoding is frozen', () => {
  const record = encodeRecord({ ...entry, failed: true, ...decided }, '{"a":1}')
  const hex = `408f400000000000001c40${'00'.repeat(32)}05312d646179`
  const json = '7b2261223a317d'
  expect(Buffer.from(record).toString('hex')).toBe(`02010000000000${hex}${'05'.repeat(32)}${json}`)
  const byUnit = encodeRecord({ ...entry, failed: true, ...decided, decidedBy: 'unit' }, '{}')
  expect(byUnit[1]).toBe(3)
})

test('records from before there were chains are read', () => {
  const hex = `01010000000000408f400000000000001c40${'00'.repeat(32)}05312d6461797b2261223a317d`
  const record = Uint8Array.from(Buffer.from(hex, 'hex'))
  expect(decodeHead(record)).toEqual({ ...entry, failed: true, decidedBy: 'module', resultAt: 56 })
  expect(decodeEvaluation('p', 0, record)).toMatchObject({ cron: '1-day', result: { a: 1 } })
})
