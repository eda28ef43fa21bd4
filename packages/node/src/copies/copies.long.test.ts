import { isHeddleError } from '@heddle/protocol/base'
import { copyReleaseDraft } from '@heddle/protocol/copies'
import { createItem } from '@heddle/protocol/item'
import { afterEach, describe, expect, it } from 'vitest'
import { createRuntime, nodeCrypto } from '../runtime/index.ts'
import { frameRequest } from './keeper/split-request.ts'
import {
  askFor,
  eventually,
  postParts,
  startTestNode,
  stranger,
  type TestNode,
} from './nodes.testing.ts'
import type { CopiesOptions } from './options.ts'

/** `npm run soak -- copies`: what takes many nodes, each for itself. */
const isWanted = process.env.HEDDLE_COPIES !== undefined
const { random, clock } = createRuntime()
const nodes: TestNode[] = []
let seed = 1

async function start(given: Partial<CopiesOptions> = {}): Promise<TestNode> {
  const node = await startTestNode(seed++, given)
  nodes.push(node)
  return node
}
const mebibyte = 2 ** 20
const keeping = { keepBytes: 4 * mebibyte, keepFor: 'anyone' as const }

/** A node and its keepers, of which each is started with its own options. */
async function startWith(
  keeperOptions: readonly Partial<CopiesOptions>[],
  given: Partial<CopiesOptions> = {},
) {
  const keepers: TestNode[] = []
  for (const options of keeperOptions) keepers.push(await start({ ...keeping, ...options }))
  const placer = await start({ keepers: keepers.map(({ place }) => place), ...given })
  return { placer, keepers }
}

afterEach(async () => {
  for (const node of nodes.splice(0)) await node.stop()
})

async function codeOf(run: Promise<unknown>): Promise<string> {
  const error = await run.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  return isHeddleError(error) ? error.code : String(error)
}

const holders = (node: TestNode, id: string) =>
  (node.copies.report(id)?.holders ?? []).flatMap(({ address, state }) =>
    state === 'held' ? address : [],
  )

describe.runIf(isWanted)('copies, with many nodes', () => {
  describe('an upload that asks for copies', () => {
    it('is refused where too few keepers fit, and says which is missing', async () => {
      const eu = { placement: ['region:eu'] }
      const { placer, keepers } = await startWith([eu, {}, { ...eu, keepBytes: 10_000 }], eu)
      const refused = async (copies: number, more = {}) => {
        const item = await placer.item(random.bytes(50_000), { copies, ...more })
        return await placer.keep(item).then(
          () => 'kept',
          (error: Error) => error.message,
        )
      }
      expect(await refused(9)).toMatch(/asks for 9 copies, and 3 can be had.*1 without room/)
      expect(await refused(3, { placement: ['region:eu'] })).toMatch(
        /2 can be had: this node fits, and 1 of the 3.*1 not in that place, 1 without room/,
      )
      expect(await refused(2, { minimumStake: 5n })).toMatch(
        /0 can be had: this node does not fit \(stake\).*3 with too little at stake/,
      )
      expect(await refused(2, { placement: ['region:eu'] })).toBe('kept')
      placer.stakes.set(keepers[1]?.address ?? '', 5n)
      placer.stakes.set(placer.address, 4n)
      // What a keeper has at stake is not its own word; this node's copy does not count.
      expect(await refused(1, { minimumStake: 5n })).toBe('kept')
      const empty = await placer.item(new Uint8Array(0), { copies: 2 })
      expect(await codeOf(placer.keep(empty))).toBe('copies-empty')
      expect(placer.copies.summary().promised).toBe(2)
    })

    it('leaves nothing at keepers where one of them fails, or the item cannot be kept', async () => {
      const { placer, keepers } = await startWith([{}, {}])
      const [one, two] = keepers
      const item = await placer.item(random.bytes(40_000), { copies: 3 })
      const fails = placer.copies.keep(item, () => Promise.reject(new Error('disk full')))
      await expect(fails).rejects.toThrow('disk full')
      await eventually(() => placer.copies.summary().owed === 0)
      expect([one?.copies.summary().kept, two?.copies.summary().kept]).toEqual([0, 0])
      for (const keeper of keepers) {
        await keeper.store.collect()
        expect(await keeper.store.held(item.data)).toMatchObject({ complete: false })
      }
      await two?.leave()
      expect(await codeOf(placer.keep(item))).toBe('copies-short')
      expect(placer.copies.report(item.id)).toBeUndefined()
      await eventually(() => one?.copies.summary().kept === 0)
    })
  })

  describe('a node that ended while it placed copies', () => {
    it.each([true, false])(
      'promises them where the item was kept (%s), and ends them where not',
      async (isKept) => {
        const { placer, keepers } = await startWith([{}])
        const item = await placer.item(random.bytes(9000), { copies: 2 })
        let reopening: Promise<void> | undefined
        const ended = placer.copies.keep(item, async () => {
          if (isKept) placer.kept.add(item.id)
          // As a kill would: it gets no further than this.
          reopening = placer.reopen()
          throw new Error('gone')
        })
        await expect(ended).rejects.toThrow()
        await reopening
        if (isKept) await eventually(() => placer.copies.summary().promised === 1)
        else await eventually(() => keepers[0]?.copies.summary().kept === 0)
        expect(placer.copies.isPromised(item.id)).toBe(isKept)
        expect(keepers[0]?.copies.summary().kept).toBe(isKept ? 1 : 0)
        expect(placer.copies.summary().short).toBe(0)
      },
    )
  })

  describe('a keeper that', () => {
    const often = { challengeEveryMs: 20, failures: 2, retryShare: 0.5 }

    it('is gone is replaced, and what nobody else keeps is told to be short', async () => {
      const { placer, keepers } = await startWith([{}, {}, {}], often)
      const item = await placer.item(random.bytes(300_000), { copies: 3 })
      await placer.keep(item)
      const first = holders(placer, item.id)
      const [gone, ...others] = keepers.filter(({ address }) => first.includes(address))
      const spare = keepers.find(({ address }) => !first.includes(address))
      await gone?.leave()
      await eventually(() => holders(placer, item.id).includes(spare?.address ?? ''))
      expect(holders(placer, item.id)).not.toContain(gone?.address)
      expect(placer.copies.summary()).toMatchObject({ short: 0 })
      expect(await spare?.store.held(item.data)).toMatchObject({ complete: true })
      await others[0]?.leave()
      await eventually(() => placer.copies.summary().short === 1)
      expect(placer.copies.report(item.id)?.short).toBe(1)
      expect(placer.challenges).toContain(true)
      expect(placer.challenges).toContain(false)
    })

    it('promised and dropped it is found out, and gets it anew', async () => {
      const { placer, keepers } = await startWith([{}], often)
      const item = await placer.item(random.bytes(600_000), { copies: 2 })
      await placer.keep(item)
      const [keeper] = keepers
      const name = `copy ${placer.address} ${item.id}`
      await keeper?.store.release(item.data, name)
      await keeper?.store.collect()
      expect(await keeper?.store.held(item.data)).toMatchObject({ heldBytes: 0 })
      const isBack = async () => (await keeper?.store.held(item.data))?.complete === true
      await eventually(isBack)
      await eventually(() => placer.copies.summary().short === 0)
      expect(placer.challenges).toContain(false)
    })

    it('moves, or whose stake is taken back, does not count for what asks for them', async () => {
      const given = { ...often, placement: ['a'] }
      const { placer, keepers } = await startWith([{ placement: ['a'] }], given)
      const [keeper] = keepers
      placer.stakes.set(placer.address, 1n).set(keeper?.address ?? '', 1n)
      const asked = { copies: 2, placement: ['a'], minimumStake: 1n }
      const item = await placer.item(random.bytes(1000), asked)
      await placer.keep(item)
      placer.stakes.set(keeper?.address ?? '', 0n)
      await eventually(() => placer.copies.report(item.id)?.short === 1)
      // It keeps what it has, since nobody else does; with its stake back it counts again.
      expect(keeper?.copies.summary().kept).toBe(1)
      placer.stakes.set(keeper?.address ?? '', 1n)
      await eventually(() => placer.copies.report(item.id)?.short === 0)
      placer.stakes.set(placer.address, 0n)
      await eventually(() => placer.copies.report(item.id)?.own === false)
    })
  })

  describe('copies', () => {
    it('go when their time is over, and not before', async () => {
      const { placer, keepers } = await startWith([{}])
      const [keeper] = keepers
      const untilMs = clock.nowMs() + 5000
      const item = await placer.item(random.bytes(5000), { copies: 2, untilMs })
      await placer.keep(item)
      await keeper?.store.collect()
      expect(await keeper?.store.held(item.data)).toMatchObject({ complete: true })
      await eventually(() => clock.nowMs() > untilMs && keeper?.copies.summary().kept === 0)
      await keeper?.store.collect()
      expect(await keeper?.store.held(item.data)).toMatchObject({ complete: false })
      await eventually(() => placer.copies.summary().promised === 0)
    })
  })

  describe('a keeper refuses', () => {
    it('more than a placer’s share, however small the copies', async () => {
      const placer = await start()
      const keeper = await start({ ...keeping, keepBytes: 60_000 })
      const codes: string[] = []
      for (let i = 0; i < 4; i++) {
        const { signed, bytes } = await askFor(keeper, placer, placer.signer)
        codes.push(await postParts(keeper, '/copies/hold', [frameRequest(signed), bytes]))
      }
      // Each counts 8 KiB more than its 2,000 bytes, and one of several has half.
      expect(codes).toEqual(['taken', 'taken', 'copy-full', 'copy-full'])
    })

    it('a release of somebody else, also after a restart, and what was released already', async () => {
      const placer = await start()
      const one = await start(keeping)
      const { signed, request, bytes } = await askFor(one, placer, placer.signer)
      const hold = () => postParts(one, '/copies/hold', [frameRequest(signed), bytes])
      const release = (body: Uint8Array) => postParts(one, '/copies/release', [body])
      expect(await hold()).toBe('taken')
      await one.reopen()
      await one.store.collect()
      const draft = copyReleaseDraft({ keeper: one.address, request })
      const foreign = await createItem(draft, stranger, nodeCrypto)
      const own = await createItem(draft, placer.signer, nodeCrypto)
      expect(await release(foreign.bytes)).toBe('taken')
      expect(await release(own.bytes.subarray(1))).toBe('copy-request-invalid')
      expect(one.copies.summary().kept).toBe(1)
      for (let i = 0; i < 2; i++) expect(await release(own.bytes)).toBe('taken')
      expect(one.copies.summary().kept).toBe(0)
      expect(await hold()).toBe('copy-withdrawn')
    })

    it('is no keeper that signs as another, or promises other terms', async () => {
      const keeper = await start(keeping)
      const liar = await start(keeping)
      const place = { url: liar.place.url, address: keeper.address }
      const placer = await start({ keepers: [place] })
      const item = await placer.item(random.bytes(100), { copies: 2 })
      expect(await codeOf(placer.keep(item))).toBe('copies-short')
      expect(liar.copies.summary().kept).toBe(0)
    })
  })
})
