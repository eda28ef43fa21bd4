import fc from 'fast-check'
import { expect, it } from 'vitest'
import { decodeBase64Url, encodeBase64Url } from './base64url.ts'

it('writes and reads what Node writes, at every length', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const text = encodeBase64Url(bytes)
      expect(text).toBe(Buffer.from(bytes).toString('base64url'))
      expect(decodeBase64Url(text)).toEqual(bytes)
    }),
    { numRuns: 300 },
  )
})

it('refuses what is no digit, anywhere, and texts of no whole byte', () => {
  const text = encodeBase64Url(new Uint8Array(61).fill(77))
  for (const bad of ['=', '+', '/', ' ', 'é', '☃', '\0']) {
    for (let at = 0; at < text.length; at++) {
      expect(decodeBase64Url(text.slice(0, at) + bad + text.slice(at + 1))).toBeUndefined()
    }
  }
  for (const short of ['A', 'AAAAA']) expect(decodeBase64Url(short)).toBeUndefined()
})

it('refuses a second text for the same bytes', () => {
  for (const [given, bytes] of [
    ['_w', [255]],
    ['__8', [255, 255]],
  ] as const) {
    expect(decodeBase64Url(given)).toEqual(Uint8Array.from(bytes))
  }
  for (const twin of ['_x', '__9', '__-']) expect(decodeBase64Url(twin)).toBeUndefined()
})
