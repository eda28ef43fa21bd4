import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeBase64Url } from '@heddle/protocol/base'
import { type Certificate, certificateCommitment } from '@heddle/protocol/certificate'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openJournal } from '../../journal/index.ts'
import { createRuntime } from '../../runtime/index.ts'
import { openCertificateStore } from './certificate-store.ts'
import { collectBlob } from './collect.ts'
import { keptCertificate } from './lookup.ts'
import type { CertificateStore } from './ports.ts'
import { parseRange } from './range.ts'
import { retentionOf } from './retention.ts'

async function* parts(...sizes: number[]) {
  for (const size of sizes) yield new Uint8Array(size).fill(size)
}

describe('collecting a body', () => {
  it('takes what was declared and no more', async () => {
    expect(await collectBlob(parts(3, 4), 7, 10)).toEqual(Uint8Array.of(3, 3, 3, 4, 4, 4, 4))
    expect(await collectBlob(parts(70_000, 70_000), undefined, 140_000)).toHaveLength(140_000)
    for (const [stream, declared] of [
      [parts(11), undefined],
      [parts(5, 6), undefined],
      [parts(1), 11],
      [parts(4), 3],
    ] as const) {
      await expect(collectBlob(stream, declared, 10)).rejects.toMatchObject({
        code: 'da-blob-too-large',
      })
    }
    await expect(collectBlob(parts(), undefined, 10)).rejects.toMatchObject({
      code: 'da-blob-empty',
    })
  })
})

describe('ranges', () => {
  it('reads the forms of RFC 9110', () => {
    const whole = { fromByte: 0, toByte: 100 }
    expect(parseRange(undefined, 100)).toEqual(whole)
    expect(parseRange('bytes=10-19', 100)).toEqual({ fromByte: 10, toByte: 20 })
    expect(parseRange('bytes=90-1000', 100)).toEqual({ fromByte: 90, toByte: 100 })
    expect(parseRange('bytes=90-', 100)).toEqual({ fromByte: 90, toByte: 100 })
    expect(parseRange('bytes=-7', 100)).toEqual({ fromByte: 93, toByte: 100 })
    expect(parseRange('bytes=-700', 100)).toEqual(whole)
    for (const odd of ['rows=1-2', 'bytes=5-2', 'bytes=1-2,4-5', 'bytes=-', 'bytes=a-b']) {
      expect(parseRange(odd, 100)).toEqual(whole)
    }
    expect(parseRange('bytes=100-', 100)).toBe(undefined)
    expect(parseRange('bytes=-0', 100)).toBe(undefined)
    expect(parseRange(`bytes=${'9'.repeat(400)}-`, 100)).toBe(undefined)
    expect(parseRange(`bytes=7-${'9'.repeat(20)}`, 100)).toEqual({ fromByte: 7, toByte: 100 })
  })

  it('never leaves the blob, whatever is asked', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), fc.nat(), fc.integer({ min: 1 }), (odd, a, b, length) => {
        for (const header of [odd, `bytes=${a}-${b}`, `bytes=${a}-`, `bytes=-${b}`]) {
          const { fromByte, toByte } = parseRange(header, length) ?? { fromByte: 0, toByte: 1 }
          expect(fromByte >= 0 && fromByte < toByte && toByte <= length).toBe(true)
        }
      }),
    )
  })
})

it('retention is seconds or for ever', () => {
  expect([retentionOf(undefined, 9), retentionOf('77', 9), retentionOf('permanent', 9)]).toEqual([
    9, 77, 0,
  ])
  for (const odd of ['', '0', '-1', '1.5', 'soon', '1'.repeat(12)]) {
    expect(() => retentionOf(odd, 9)).toThrow(/give seconds/)
  }
})

it('certificates outlive the process, and the one that lasts longest is kept', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-certificates-'))
  const runtime = createRuntime()
  const open = async () => {
    const journal = await openJournal(join(folder, 'log'), runtime)
    return { journal, store: await openCertificateStore(journal, await journal.claim()) }
  }
  const made = (seed: number, expiresAtSeconds: number): Certificate => ({
    parameters: { k: 16, n: 48, lengthBytes: 5, hashId: 1 },
    root: new Uint8Array(32).fill(seed),
    zRoot: new Uint8Array(32),
    setId: new Uint8Array(32),
    epoch: 0,
    expiresAtSeconds,
    members: 24,
    signers: [1, 5],
    signature: new Uint8Array(96),
  })
  const nameOf = (seed: number) => encodeBase64Url(certificateCommitment(made(seed, 1)))
  try {
    const first = await open()
    await Promise.all([made(1, 10), made(2, 10), made(1, 20), made(1, 15)].map(first.store.keep))
    expect((await first.store.find(nameOf(1)))?.expiresAtSeconds).toBe(20)
    await first.journal.close()
    const { journal, store } = await open()
    await store.keep(made(2, 0))
    await store.keep(made(2, 30))
    expect([store.count(), await store.find(nameOf(3))]).toEqual([2, undefined])
    expect((await store.find(nameOf(2)))?.expiresAtSeconds).toBe(0)
    const all = []
    for await (const { expiresAtSeconds } of store.all()) all.push(expiresAtSeconds)
    expect(all).toEqual([20, 0])
    const newest = (await store.newest(9)).map((certificate) => certificate.expiresAtSeconds)
    expect(newest).toEqual([0, 20])
    expect(await store.newest(1)).toHaveLength(1)
    await journal.close()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

describe('a blob whose time is over', () => {
  it('is told apart from one that storers do not answer for', async () => {
    const commitment = 'A'.repeat(43)
    const find = async () => ({ expiresAtSeconds: 1000 }) as Certificate
    const at = (nowMs: number) => {
      const certificates = { find } as unknown as CertificateStore
      const clock = { nowMs: () => nowMs }
      return keptCertificate({ certificates, clock }, { params: { commitment } })
    }
    await expect(at(999_999)).resolves.toMatchObject({ commitment })
    await expect(at(1_000_000)).rejects.toMatchObject({ code: 'da-blob-expired', kind: 'missing' })
  })
})
