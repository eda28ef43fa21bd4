import { encodeBase64Url } from '@heddle/protocol/base'
import {
  type Certificate,
  certificateCommitment,
  certificateToJson,
  encodeCertificate,
} from '@heddle/protocol/certificate'
import { describe, expect, it } from 'vitest'
import { createClient } from '../client.ts'
import { createFakeNode, type FakeAnswer, type SeenRequest } from '../fake-node.testing.ts'
import { drawBelow, drawDistinct } from './draw.ts'
import { formatReference, parseReference } from './reference.ts'
import { retentionText } from './retention.ts'

const certificate: Certificate = {
  parameters: { k: 16, n: 48, lengthBytes: 2000, hashId: 1 },
  root: new Uint8Array(32).fill(1),
  zRoot: new Uint8Array(32).fill(2),
  setId: new Uint8Array(32).fill(3),
  epoch: 0,
  expiresAtSeconds: 99,
  members: 24,
  signers: [0, 7],
  signature: new Uint8Array(96),
}
const commitment = encodeBase64Url(certificateCommitment(certificate))
const published = {
  commitment,
  fromByte: 10,
  toByte: 15,
  certificate: certificateToJson(certificate),
  compact: encodeBase64Url(encodeCertificate(certificate)),
  faults: [],
}

function clientOf(answerTo: (request: SeenRequest) => FakeAnswer) {
  const { fetch, requests } = createFakeNode(answerTo)
  return { da: createClient({ url: 'http://node', fetch }).da, requests }
}

describe('references', () => {
  it('are a commitment, with a range where it was packed', () => {
    expect(parseReference(commitment)).toEqual({ commitment })
    const packed = { commitment, fromByte: 3, toByte: 9 }
    expect(parseReference(formatReference(packed))).toEqual(packed)
    for (const odd of ['', 'x', `${commitment}:`, `${commitment}:9-3`, `${commitment}:1-2-3`]) {
      expect(() => parseReference(odd)).toThrow(/names no blob/)
    }
  })
})

it('retention is text the node takes', () => {
  expect(retentionText('permanent')).toBe('permanent')
  expect(retentionText({ days: 1, hours: 1, seconds: 0.5 })).toBe('90001')
  expect(() => retentionText({ days: 0 })).toThrow(/give 'permanent' or a time/)
})

it('draws evenly and never the same row twice', () => {
  const counts = new Map<number, number>()
  for (let i = 0; i < 3000; i++) {
    const drawn = drawBelow(3)
    counts.set(drawn, (counts.get(drawn) ?? 0) + 1)
  }
  expect([...counts.keys()].sort()).toEqual([0, 1, 2])
  expect(Math.min(...counts.values())).toBeGreaterThan(800)
  const rows = drawDistinct(30, 48)
  expect([rows.length, new Set(rows).size, Math.max(...rows) < 48]).toEqual([30, 30, true])
  expect(drawDistinct(99, 5).sort()).toEqual([0, 1, 2, 3, 4])
})

describe('put and get', () => {
  it('puts bytes, text, blobs and streams, and tells how far it is', async () => {
    const { da, requests } = clientOf(() => Response.json(published, { status: 201 }))
    const seen: number[] = []
    const onProgress = (sent: number) => void seen.push(sent)
    await da.put(new Uint8Array(600_000), { retention: { days: 1 }, onProgress })
    await da.put('text')
    await da.put(new Blob(['blob']))
    async function* stream() {
      yield Uint8Array.of(1)
      yield Uint8Array.of(2, 3)
    }
    expect(await da.put(stream())).toEqual(published)
    expect(requests.map(({ path, body }) => [path, body.length])).toEqual([
      ['/da/blobs?retention=86400', 600_000],
      ['/da/blobs', 4],
      ['/da/blobs', 4],
      ['/da/blobs', 3],
    ])
    expect(seen).toEqual([262_144, 524_288, 600_000])
  })

  it('takes no certificate that is not one, or of another blob', async () => {
    const other = { ...published, commitment: 'A'.repeat(43) }
    const { da } = clientOf(() => Response.json(other))
    await expect(da.put('x')).rejects.toMatchObject({ code: 'answer-unexpected' })
    const { da: forging } = clientOf(() => certificateToJson({ ...certificate, epoch: 1 }))
    expect((await forging.certificate(commitment)).epoch).toBe(1)
    await expect(forging.certificate('A'.repeat(43))).rejects.toMatchObject({
      code: 'da-certificate-forged',
    })
  })

  it('counts what a node cannot sample as a gap, and its other faults as none', async () => {
    const refusal = (code: string) =>
      Response.json({ error: 'no', code }, { status: code === 'da-sample-missing' ? 503 : 500 })
    const { da } = clientOf(() => refusal('da-sample-missing'))
    const input = { of: 'pieces', samples: 6 } as const
    const report = await da.sample(certificate, input)
    expect([report.gaps, report.confidence, report.samples.length]).toEqual([6, 0, 6])
    const { da: broken } = clientOf(() => refusal('internal'))
    await expect(broken.sample(certificate, input)).rejects.toMatchObject({ code: 'internal' })
    const { da: lying } = clientOf(() => new Response(new Uint8Array(128)))
    expect((await lying.sample(certificate, input)).gaps).toBe(6)
  })
})
