import { concatBytes, encodeBase64Url } from '@heddle/protocol/base'
import { describe, expect, it } from 'vitest'
import { createRuntime } from '../../runtime/index.ts'
import { nativeBls } from '../bls.ts'
import type { StorerFault } from './health.ts'
import type { RetrieverOptions } from './options.ts'
import { createRetriever, type ReadOptions } from './retriever.ts'
import { type Behaviour, engine, type Published, publish, set } from './testing/published.ts'

const { random, clock, timer } = createRuntime()
/** Asks nobody else because one is slow, and gives up nobody. */
const patient = { hedgeMsMin: 3_600_000, hedgeMsMax: 3_600_000, askTimeoutMs: 3_600_000 }
const quick = { hedgeMsMin: 20, hedgeMsMax: 20 }

function retrieverFor({ lane }: Published, options: Partial<RetrieverOptions> = patient) {
  const engineFor = (hashId: number) => (hashId === engine.hash.id ? engine : undefined)
  const storerSet = (epoch: number) => (epoch === set.epoch ? set : undefined)
  return createRetriever({ lane, storerSet, engineFor, bls: nativeBls, clock, timer }, options)
}

async function read(
  published: Published,
  options: ReadOptions = {},
  retriever = retrieverFor(published),
): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of retriever.read(published.certificate, options)) {
    parts.push(part)
  }
  return concatBytes(parts)
}

function spoil(published: Published, how: Behaviour, places: readonly number[]): void {
  for (const place of places) published.behave(place, how)
}

const seven = [0, 3, 6, 9, 12, 15, 18]
const mib = 2 ** 20

describe('retriever', () => {
  it('reads data rows alone where all is well', async () => {
    for (const [size, k] of [
      [1, 16],
      [5000, 16],
      [mib, 64],
      [mib + 3, 64],
      [5 * mib + 3, 16],
    ] as const) {
      const published = publish(random.bytes(size), k)
      expect(Buffer.compare(await read(published), published.blob)).toBe(0)
      expect(published.asked.every((row) => row < k)).toBe(true)
    }
  })

  it.each([['gone'], ['mute'], ['lying']] as const)(
    'reads around seven that are %s',
    async (how) => {
      const published = publish(random.bytes(5 * mib + 17), 16)
      spoil(published, how, seven)
      const faults: StorerFault[] = []
      const onFault = (fault: StorerFault) => void faults.push(fault)
      const retriever = retrieverFor(published, how === 'mute' ? quick : patient)
      const bytes = await read(published, { onFault }, retriever)
      expect(Buffer.compare(bytes, published.blob)).toBe(0)
      const bad = new Set(
        seven.map((place) => encodeBase64Url(published.members[place]?.key ?? new Uint8Array(0))),
      )
      expect(faults.every(({ storer }) => bad.has(storer))).toBe(true)
      if (how === 'lying') {
        expect(faults.some(({ fault, why }) => fault === 'wrong' && why === 'path')).toBe(true)
      }
    },
  )

  it('says who failed when too few rows are left', async () => {
    const published = publish(random.bytes(100_000), 16)
    // 16 rows are enough, two each: eight storers do, seven do not.
    spoil(published, 'gone', [...Array(16).keys()])
    expect(Buffer.compare(await read(published), published.blob)).toBe(0)
    spoil(published, 'lying', [20])
    await expect(read(published)).rejects.toMatchObject({
      code: 'da-rows-missing',
      details: { faults: expect.arrayContaining([expect.objectContaining({ fault: 'wrong' })]) },
    })
  })

  it('reads any range, and asks for no more rows than it touches', async () => {
    const published = publish(random.bytes(9 * mib + 100), 16)
    const end = published.blob.length
    for (const [fromByte, toByte, rows] of [
      [0, 1, 1],
      [4 * mib - 1, 4 * mib + 1, 2],
      [end - 5, end, 1],
      [5 * mib + 100_000, 5 * mib + 200_000, 8],
      [77, 77, 0],
    ] as const) {
      published.asked.length = 0
      const range = await read(published, { fromByte, toByte })
      expect(Buffer.compare(range, published.blob.subarray(fromByte, toByte))).toBe(0)
      expect(published.asked.length).toBeLessThanOrEqual(rows)
    }
    await expect(read(published, { fromByte: 5, toByte: end + 1 })).rejects.toMatchObject({
      code: 'da-range',
    })
  })

  it('believes no certificate of another set or with other signers', async () => {
    const { certificate, ...rest } = publish(random.bytes(1000), 16)
    const broken = { ...certificate, signers: certificate.signers.slice(1) }
    await expect(read({ ...rest, certificate: broken })).rejects.toMatchObject({
      code: 'certificate',
    })
    await expect(
      read({ ...rest, certificate: { ...certificate, epoch: 8 } }),
    ).rejects.toMatchObject({ code: 'da-set-unknown' })
  })

  it('a reader that leaves ends what is under way', async () => {
    const published = publish(random.bytes(9 * mib), 16)
    for await (const part of retrieverFor(published).read(published.certificate)) {
      expect(part.length).toBeGreaterThan(0)
      break
    }
    const stop = new AbortController()
    spoil(published, 'mute', [...Array(24).keys()])
    const waiting = read(published, { signal: stop.signal })
    stop.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
  })

  it('holds no more rows than there is memory for: who comes then waits, and is told', async () => {
    const published = publish(random.bytes(100_000), 16)
    const { certificate } = published
    const retriever = retrieverFor(published, { heldBytesMax: 1, roomTimeoutMs: 30 })
    const busy = { code: 'da-reads-busy' }
    const first = retriever.read(certificate)
    await first.next()
    await expect(retriever.read(certificate).next()).rejects.toMatchObject(busy)
    await first.return(undefined)
    // One that hung up is never asked for its end.
    const left = new AbortController()
    await retriever.read(certificate, { signal: left.signal }).next()
    await expect(retriever.read(certificate).next()).rejects.toMatchObject(busy)
    left.abort(new Error('left'))
    const parts: Uint8Array[] = []
    for await (const part of retriever.read(certificate)) parts.push(part)
    expect(Buffer.compare(concatBytes(parts), published.blob)).toBe(0)
  })

  it('rebuilds the rows of a storer that lost them, from others', async () => {
    const published = publish(random.bytes(3 * mib + 1), 16)
    spoil(published, 'gone', [4, 5])
    const lost = published.members[4]
    if (lost === undefined) throw new Error('there are 24')
    const retriever = retrieverFor(published)
    const rebuilt = await retriever.rebuild(published.certificate, lost.rows, { except: lost.key })
    expect(rebuilt.map(({ row }) => row)).toEqual(lost.rows)
    const { pieceBytes } = (await retriever.open(published.certificate)).open.layout
    for (const { row, pieces } of rebuilt) {
      if (row >= 16) continue
      const stripeBytes = 16 * pieceBytes
      pieces.forEach((piece, stripe) => {
        const at = stripe * stripeBytes + row * pieceBytes
        const own = published.blob.subarray(at, at + pieceBytes)
        expect(Buffer.compare(piece.subarray(0, own.length), own)).toBe(0)
      })
    }
  })
})
