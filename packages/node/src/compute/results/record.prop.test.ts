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
})

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
    { messageId: 'A'.repeat(43), timestampMs: 1, blockHeight: 2, failed: false },
    '{}',
  )
  for (let length = 0; length < good.length; length++) {
    expect(() => decodeEvaluation('p', 0, good.subarray(0, length))).toThrow(/result record/)
  }
  expect(() => decodeHead(Uint8Array.of(2, ...good.subarray(1)))).toThrow(/unknown version 2/)
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
  const record = encodeRecord(
    { messageId: 'A'.repeat(43), timestampMs: 1000, blockHeight: 7, cron: '1-day', failed: true },
    '{"a":1}',
  )
  expect(Buffer.from(record).toString('hex')).toBe(
    `01010000000000408f400000000000001c40${'00'.repeat(32)}05312d6461797b2261223a317d`,
  )
})
