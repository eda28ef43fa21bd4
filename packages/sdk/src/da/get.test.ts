import { encodeSegmentFrame } from '@heddle/protocol/certificate'
import { describe, expect, it } from 'vitest'
import { createClient } from '../client.ts'
import { createFakeNode, type FakeAnswer, type SeenRequest } from '../fake-node.testing.ts'
import { answerWith, framesOf, type InMemoryBlob, publishInMemory } from './published.testing.ts'

/** 17 stripes of 16 rows: two segments, the second of one stripe. */
const blob = Uint8Array.from(
  { length: 17 * 16 * 16384 - 1000 },
  (_, at) => Math.imul(at + 1, 2_654_435_761) >>> 13,
)
const published = publishInMemory(blob)
const data = Array.from({ length: 16 }, (_, row) => row)

function daOf(answerTo: (request: SeenRequest) => FakeAnswer) {
  const { fetch, requests } = createFakeNode(answerTo)
  return { da: createClient({ url: 'http://node', fetch }).da, requests }
}

function reading(frames: readonly Uint8Array[], of: InMemoryBlob = published) {
  return daOf(answerWith(of, () => frames)).da.read(published.commitment)
}

/** The code a read ends with, undefined where it gave the blob: bytes are not for printing. */
const codeOf = (frames: readonly Uint8Array[]) =>
  reading(frames).then(
    (bytes) => (Buffer.compare(bytes, blob) === 0 ? undefined : 'wrong bytes'),
    (error: { code?: string }) => error.code,
  )

const bend = (bytes: Uint8Array, at: number) => {
  const bent = new Uint8Array(bytes)
  bent[at] = (bent[at] ?? 0) ^ 1
  return bent
}

describe('reading a blob from a node that is not believed', () => {
  it('gives the bytes from data rows, from any k rows, and of a range', async () => {
    expect(Buffer.compare(await reading(framesOf(published, data)), blob)).toBe(0)
    const others = [47, 3, 30, ...data.slice(5), 20, 21]
    expect(Buffer.compare(await reading(framesOf(published, others)), blob)).toBe(0)
    const { da, requests } = daOf(
      answerWith(published, () => [Buffer.concat(encodeSegmentFrame(published.segmentOf(2, 1)))]),
    )
    const fromByte = 16 * 16 * 16384 + 2 * 16384 + 5
    const range = { commitment: published.commitment, fromByte, toByte: fromByte + 9 }
    expect(await da.read(range)).toEqual(blob.slice(fromByte, fromByte + 9))
    expect(requests.at(-1)?.path).toMatch(/\?from=\d+&to=\d+$/)
  })

  it('takes no byte, row, path or place that is not the committed one', async () => {
    const [honest = new Uint8Array(0), ...rest] = framesOf(published, data)
    const pathAt = 10
    const pieceAt = honest.length - 1
    const placed = (at: number, value: number) => {
      const bent = new Uint8Array(honest)
      bent[at] = value
      return bent
    }
    const lies = [bend(honest, pieceAt), bend(honest, pathAt), placed(4, 9)]
    for (const lie of lies) expect(await codeOf([lie, ...rest])).toBe('da-row-forged')
    const frame = (segment: ReturnType<typeof published.segmentOf>) =>
      Buffer.concat(encodeSegmentFrame(segment))
    const swapped = { ...published.segmentOf(3, 0), row: 2 }
    const shifted = { ...published.segmentOf(0, 0), segmentPath: new Uint8Array(32) }
    for (const lie of [swapped, shifted]) {
      expect(await codeOf([frame(lie), ...rest])).toBe('da-row-forged')
    }
  })

  it('ends with an error where rows are too few, repeated, out of turn or cut', async () => {
    const frames = framesOf(published, data)
    const row = frames[0] ?? new Uint8Array(0)
    const short = [
      frames.slice(0, 15),
      Array.from({ length: 200 }, () => row),
      frames.slice(16),
      [Buffer.concat(frames).subarray(0, 4_300_000)],
      [],
      // Heads that fit no blob: a segment, a row and paths that do not exist.
      [Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0, 0, 0)],
      [Uint8Array.of(0, 0, 0, 0, 48, 0, 0, 0, 0, 0)],
      [Uint8Array.of(0, 0, 0, 0, 0, 0, 255, 255, 0, 0)],
    ]
    for (const lie of short) expect(await codeOf(lie)).toBe('da-blob-cut')
    // Whole, and bytes behind it that nobody waits for.
    expect(await codeOf([...frames, new Uint8Array(5)])).toBe(undefined)
  })

  it('takes fingerprints and certificates of this commitment alone', async () => {
    const other = publishInMemory(blob.subarray(0, 5000))
    const forging = daOf(answerWith(other, () => framesOf(other, data))).da
    await expect(forging.read(published.commitment)).rejects.toMatchObject({
      code: 'da-certificate-forged',
    })
    const given = { certificate: other.certificate }
    await expect(forging.read(published.commitment, given)).rejects.toMatchObject({
      code: 'da-reference-invalid',
    })
    const wrongZ = { ...published, fingerprints: bend(published.fingerprints, 7) }
    await expect(reading(framesOf(published, data), wrongZ)).rejects.toMatchObject({
      code: 'commitment-mismatch',
    })
  })

  it('finds rows that are under the root and not of the code: an encoder that lies', async () => {
    const spoiled = publishInMemory(blob.subarray(0, 5000), (rows, pieceBytes) => {
      rows[20 * pieceBytes] = (rows[20 * pieceBytes] ?? 0) ^ 1
    })
    const read = (rows: readonly number[]) =>
      daOf(answerWith(spoiled, () => framesOf(spoiled, rows))).da.read(spoiled.commitment)
    await expect(read([20, ...data.slice(1)])).rejects.toMatchObject({
      code: 'da-row-forged',
      details: { fault: 'fingerprint' },
    })
    expect(await read([21, ...data.slice(1)])).toEqual(blob.slice(0, 5000))
  })

  it('with a storer set takes no certificate that the set does not bear', async () => {
    const { certificate, commitment } = published
    const key = `${'A'.repeat(63)}B`
    const storers = {
      version: 1 as const,
      epoch: 0,
      beacon: 'A'.repeat(43),
      storers: [
        {
          ...{ key, stake: '1', proof: 'A'.repeat(128), host: 'storer', port: 1 },
          laneKey: 'A'.repeat(43),
        },
      ],
    }
    const { fetch } = createFakeNode(answerWith(published, () => framesOf(published, data)))
    const { da } = createClient({ url: 'http://node', fetch, da: { storers } })
    const refused = { code: 'certificate' }
    await expect(da.read(commitment)).rejects.toMatchObject(refused)
    await expect(da.read(commitment, { certificate })).rejects.toMatchObject(refused)
    await expect(da.sample(commitment)).rejects.toMatchObject(refused)
    await expect(da.certificate(commitment)).rejects.toMatchObject(refused)
  })
})
