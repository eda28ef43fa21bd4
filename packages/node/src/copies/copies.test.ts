import { verifyStorageProof } from '@heddle/protocol/arweave'
import { decodeBase64Url, encodeBase64Url } from '@heddle/protocol/base'
import type { Retention } from '@heddle/protocol/params'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRuntime, nodeCrypto } from '../runtime/index.ts'
import { frameRequest, splitRequest } from './keeper/split-request.ts'
import {
  addressOfSeed,
  askFor,
  eventually,
  postParts,
  startTestNode,
  stranger,
  type TestNode,
} from './nodes.testing.ts'

const { random, clock } = createRuntime()
const keeping = { keepBytes: 2 ** 20, keepFor: [addressOfSeed(3)], placement: ['region:eu'] }
let one: TestNode
let placer: TestNode

beforeAll(async () => {
  one = await startTestNode(1, keeping)
  placer = await startTestNode(3, { keepers: [one.place], placement: ['region:us'] })
})
afterAll(async () => {
  for (const node of [placer, one]) await node.stop()
})

const textOf = (run: Promise<unknown>) => run.then(() => 'kept', String)

describe('an upload that asks for copies', () => {
  it('is at keepers, proven and held, before it is acknowledged; what is lost here heals', async () => {
    const bytes = random.bytes(100_000)
    const item = await placer.item(bytes, { copies: 2 })
    await placer.copies.keep(item, async () => {
      // Nobody was told yet, and all of it is there.
      expect(await one.store.held(item.data)).toMatchObject({ complete: true })
      expect(one.kept.has(item.id)).toBe(true)
      placer.kept.add(item.id)
    })
    expect(placer.copies.report(item.id)).toMatchObject({ own: true, holders: [one.place] })
    expect(placer.copies.summary()).toMatchObject({ promised: 1, short: 0, owed: 0 })
    // A keeper places no copies of what it keeps.
    expect(one.copies.summary()).toMatchObject({ promised: 0, kept: 1 })
    expect(await proves(one, item.data)).toBe(true)
    // The same again is the same.
    await placer.keep(item)
    expect(placer.copies.summary().promised).toBe(1)
    await placer.lose(item)
    expect(await placer.store.held(item.data)).toMatchObject({ heldBytes: 0 })
    const healing = placer.copies.heal(placer.store)
    expect(await healing.held(item.data)).toMatchObject({ complete: true })
    const parts: Uint8Array[] = []
    for await (const part of healing.read(item.data, 0, bytes.length)) parts.push(part.slice())
    expect(Buffer.concat(parts).equals(bytes)).toBe(true)
    expect(await placer.store.held(item.data)).toMatchObject({ complete: true })
  })

  it('is refused where too few keepers fit, and says which is missing', async () => {
    const refused = async (bytes: number, asked: Partial<Retention>) =>
      textOf(placer.keep(await placer.item(random.bytes(bytes), asked)))
    expect(await refused(10, { copies: 9 })).toMatch(
      /for 9 copies, and 2 can be had: this node fits/,
    )
    expect(await refused(2 ** 20, { copies: 2 })).toMatch(/1 without room/)
    const placement = ['region:eu']
    expect(await refused(10, { copies: 2, placement })).toMatch(
      /1 can be had: this node does not fit \(place\), and 1 of the 1 keepers/,
    )
    expect(await refused(10, { copies: 2, placement: ['region:us'] })).toMatch(
      /1 not in that place/,
    )
    expect(await refused(10, { copies: 2, minimumStake: 5n })).toMatch(
      /0 can be had: this node does not fit \(stake\).*1 with too little at stake/,
    )
    expect(await textOf(placer.keep(await placer.item(new Uint8Array(0), { copies: 2 })))).toMatch(
      /no data/,
    )
    expect(placer.copies.summary().promised).toBe(1)
  })

  it('leaves nothing at keepers where the item cannot be kept', async () => {
    const item = await placer.item(random.bytes(4000), { copies: 2 })
    const before = one.copies.summary().kept
    const fails = placer.copies.keep(item, () => Promise.reject(new Error('disk full')))
    await expect(fails).rejects.toThrow('disk full')
    await eventually(() => placer.copies.summary().owed === 0)
    expect(one.copies.summary().kept).toBe(before)
    await one.store.collect()
    expect(await one.store.held(item.data)).toMatchObject({ complete: false })
  })
})

it('a request is read off a stream however that is cut', async () => {
  const cuts = fc.array(fc.nat({ max: 400 }), { maxLength: 8 })
  const bytes = fc.uint8Array({ maxLength: 200 })
  await fc.assert(
    fc.asyncProperty(bytes, bytes, cuts, async (statement, data, at) => {
      const all = Buffer.concat([frameRequest(statement), data])
      const ends = [...at, all.length].sort((a, b) => a - b)
      async function* stream() {
        for (const [i, end] of ends.entries()) yield all.subarray(ends[i - 1] ?? 0, end)
      }
      const split = await splitRequest(stream())
      const parts: Uint8Array[] = []
      for await (const part of split.data) parts.push(part)
      expect(Buffer.from(split.statement).equals(statement)).toBe(true)
      expect(Buffer.concat(parts).equals(data)).toBe(true)
    }),
    { numRuns: 15 },
  )
})

/** What a third party finds out for itself. */
async function proves(node: TestNode, data: { dataRoot: string; sizeBytes: number }) {
  const nonce = random.bytes(32)
  const query = `root=${data.dataRoot}&size=${data.sizeBytes}&nonce=${encodeBase64Url(nonce)}`
  const reply = await fetch(`${node.place.url}/store/proof?${query}&count=1`)
  const { answers } = (await reply.json()) as { answers: { chunk: string; data_path: string }[] }
  const read = (text: string) => decodeBase64Url(text) ?? new Uint8Array(0)
  const given = answers.map((answer) => ({
    bytes: read(answer.chunk),
    path: read(answer.data_path),
  }))
  const asked = { root: read(data.dataRoot), sizeBytes: data.sizeBytes, nonce, count: 1 }
  return verifyStorageProof(asked, given, nodeCrypto)
}

describe('a keeper refuses', () => {
  it('who it keeps nothing for, what is not for it, old, cut short, forged, or other data', async () => {
    const before = one.copies.summary().kept
    const take = async (change: object, other?: Uint8Array, signer = placer.signer) => {
      const { signed, bytes } = await askFor(one, placer, signer, change)
      return postParts(one, '/copies/hold', [frameRequest(signed), other ?? bytes])
    }
    expect(await take({})).toBe('taken')
    expect(await take({}, undefined, stranger)).toBe('copy-denied')
    expect(await take({ keeper: placer.address })).toBe('copy-request-invalid')
    expect(await take({ timeMs: clock.nowMs() - 7_200_000 })).toBe('copy-request-stale')
    expect(await take({ untilMs: 5 })).toBe('copy-request-invalid')
    expect(await take({}, random.bytes(2000))).toBe('copy-differs')
    expect(await take({}, random.bytes(1999))).toBe('store-size-differs')
    expect(await take({ sizeBytes: 2 ** 40 })).toBe('copy-full')
    // An item whose signature is of other data is none.
    expect(await take({ header: new Uint8Array(200) })).not.toBe('taken')
    const huge = new Uint8Array([255, 255, 255, 255])
    for (const bytes of [new Uint8Array(3), huge]) {
      expect(await postParts(one, '/copies/hold', [bytes])).toBe('copy-request-invalid')
    }
    expect(await postParts(placer, '/copies/hold', [huge])).toBe('copies-off')
    expect(one.copies.summary().kept).toBe(before + 1)
  })
})
