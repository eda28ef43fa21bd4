import { encodeBase64Url } from '@heddle/protocol/base'
import { encodeCertificate } from '@heddle/protocol/certificate'
import { describe, expect, it } from 'vitest'
import { partPathOf } from './da-get.ts'
import { isKeptLongEnough } from './da-manifest.ts'

const day = 86_400
const nowSeconds = 1_800_000_000

function keptUntil(expiresAtSeconds: number) {
  const certificate = encodeCertificate({
    parameters: { k: 16, n: 48, lengthBytes: 5, hashId: 1 },
    root: new Uint8Array(32),
    zRoot: new Uint8Array(32),
    setId: new Uint8Array(32),
    epoch: 0,
    expiresAtSeconds,
    members: 8,
    signers: [0, 1],
    signature: new Uint8Array(96),
  })
  return { reference: '', lengthBytes: 5, sha256: '', certificate: encodeBase64Url(certificate) }
}

describe('parts of an earlier put', () => {
  it('count while they are kept for about as long as is asked now', () => {
    const isKept = (untilSeconds: number, retention: 'permanent' | { seconds: number }) =>
      isKeptLongEnough(keptUntil(untilSeconds), retention, nowSeconds)
    const month = { seconds: 30 * day }
    expect(isKept(nowSeconds + 30 * day, month)).toBe(true)
    expect(isKept(nowSeconds + 28 * day, month)).toBe(true)
    expect(isKept(nowSeconds + 26 * day, month)).toBe(false)
    expect(isKept(nowSeconds - 1, { seconds: 60 })).toBe(false)
    expect(isKept(nowSeconds + 30 * day, 'permanent')).toBe(false)
    expect(isKept(0, 'permanent')).toBe(true)
    expect(isKept(0, month)).toBe(true)
  })

  it('do not count where their certificate cannot be read', () => {
    for (const certificate of ['', '§', 'AAAA']) {
      const part = { ...keptUntil(0), certificate }
      expect(isKeptLongEnough(part, { seconds: 60 }, nowSeconds)).toBe(false)
    }
  })
})

describe('where bytes lie until all are there', () => {
  it('is of its own for each blob that has no hash', () => {
    const a = { reference: `${'A'.repeat(43)}:0-9`, lengthBytes: 9 }
    const b = { reference: `${'B'.repeat(43)}:0-9`, lengthBytes: 9 }
    expect(partPathOf('x', [a])).not.toBe(partPathOf('x', [b]))
    expect(partPathOf('x', [a])).toBe(partPathOf('x', [a]))
    expect(partPathOf('x', [{ ...a, sha256: '00' }])).toBe('x.part')
  })
})
