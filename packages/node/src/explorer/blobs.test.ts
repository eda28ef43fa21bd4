import { encodeBase64Url } from '@heddle/protocol/base'
import { type Certificate, certificateCommitment } from '@heddle/protocol/certificate'
import { expect, it } from 'vitest'
import { readBlobs } from './blobs.ts'

const made = (seed: number, expiresAtSeconds: number): Certificate => ({
  parameters: { k: 16, n: 48, lengthBytes: 5, hashId: 1 },
  root: new Uint8Array(32).fill(seed),
  zRoot: new Uint8Array(32),
  setId: new Uint8Array(32),
  epoch: 3,
  expiresAtSeconds,
  members: 24,
  signers: [1, 5],
  signature: new Uint8Array(96),
})

it('tells the newest blobs in their order, and until when each is kept', async () => {
  const all = [made(1, 0), made(2, 99)]
  const { rows } = await readBlobs({ newest: async (limit) => all.slice(0, limit) }, 9)
  const facts = { lengthBytes: 5, k: 16, n: 48, epoch: 3, members: 24, signers: 2 }
  expect(rows).toEqual(
    all.map((certificate) => ({
      ...facts,
      commitment: encodeBase64Url(certificateCommitment(certificate)),
      ...(certificate.expiresAtSeconds === 0 ? {} : { expiresAtSeconds: 99 }),
    })),
  )
  const first = await readBlobs({ newest: async (limit) => all.slice(0, limit) }, 1)
  expect(first.rows).toHaveLength(1)
  expect(await readBlobs(undefined, 9)).toEqual({ rows: [] })
})
