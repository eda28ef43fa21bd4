import { decodeText, encodeText } from '@heddle/protocol/base'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Block, Consensus } from './ports.ts'

/** An engine under test, on a chain made empty for each test. */
export type ConsensusStore = {
  readonly consensus: Consensus
  /** Sets the engine's wall clock, which stands still otherwise. */
  setClock(nowMs: number): void
  /** Closes the engine and opens it again on what is durable. */
  reopen(): Promise<Consensus>
  /** Closes the engine and removes its chain. */
  remove(): Promise<void>
}

const code = (expected: string) => expect.objectContaining({ code: expected })
const submitText = (consensus: Consensus, text: string) => consensus.submit(encodeText(text))
const texts = (block: Block) => block.payloads.map(decodeText)

/** All blocks from genesis, read from the engine. */
async function chainOf(consensus: Consensus): Promise<Block[]> {
  const chain: Block[] = []
  for (let height = 0; height <= consensus.tip().height; height++) {
    const block = await consensus.block(height)
    if (block === undefined) throw new Error(`no block at ${height}`)
    chain.push(block)
  }
  return chain
}

function expectChain(chain: readonly Block[]): void {
  for (const [height, block] of chain.entries()) {
    expect(block.height).toBe(height)
    expect(block.previous).toBe(chain[height - 1]?.id ?? '')
    if (height > 0) expect(block.timestampMs).toBeGreaterThan(chain[height - 1]?.timestampMs ?? 0)
  }
  expect(new Set(chain.map((block) => block.id)).size).toBe(chain.length)
}

/** What every engine behind `Consensus` keeps; `make` takes the id of the network. */
export function consensusContract(
  engine: string,
  make: (networkId: string) => Promise<ConsensusStore>,
): void {
  describe(`Consensus: ${engine}`, () => {
    let store: ConsensusStore
    beforeEach(async () => {
      store = await make('network-1')
    })
    afterEach(async () => {
      await store.remove()
    })

    describe('ordering', () => describeOrdering(() => store))
    describe('time', () => describeTime(() => store))
    describe('the chain', () => describeChain(() => store, make))
  })
}

function describeOrdering(get: () => ConsensusStore): void {
  it('puts a payload into the next block', async () => {
    const { consensus } = get()
    const block = await submitText(consensus, 'first')
    expect(block).toMatchObject({ height: 1, previous: (await consensus.block(0))?.id })
    expect(texts(block)).toEqual(['first'])
    expect(consensus.tip()).toEqual(block)
    const next = await submitText(consensus, 'second')
    expect(next).toMatchObject({ height: 2, previous: block.id })
  })

  it('orders each of many payloads once, in the order given', async () => {
    const { consensus } = get()
    const given = Array.from({ length: 500 }, (_, i) => `payload ${i}`)
    const submits: Promise<Block>[] = []
    for (const [i, text] of given.entries()) {
      submits.push(submitText(consensus, text))
      if (i % 50 === 49) await submits[i - 20]
    }
    const blocks = await Promise.all(submits)
    for (const [i, block] of blocks.entries()) expect(texts(block)).toContain(given[i])
    const chain = await chainOf(consensus)
    expectChain(chain)
    expect(chain.slice(1).flatMap(texts)).toEqual(given)
    expect(chain.length).toBeLessThan(given.length)
  })

  it('takes equal and empty payloads for what they are', async () => {
    const { consensus } = get()
    await Promise.all(['', 'same', 'same', ''].map((text) => submitText(consensus, text)))
    expect((await chainOf(consensus)).slice(1).flatMap(texts)).toEqual(['', 'same', 'same', ''])
  })

  it('takes a copy', async () => {
    const { consensus } = get()
    const payload = encodeText('given')
    const done = consensus.submit(payload)
    payload.fill(0)
    expect(texts(await done)).toEqual(['given'])
    expect(texts((await (await get().reopen()).block(1)) as Block)).toEqual(['given'])
  })

  it('tells listeners of each block, in order, before its submitter', async () => {
    const { consensus } = get()
    const heard: number[] = []
    consensus.onBlock((block) => heard.push(block.height))
    const also: string[] = []
    consensus.onBlock((block) => also.push(block.id))
    for (let height = 1; height <= 5; height++) {
      await submitText(consensus, 'x')
      expect(heard.at(-1)).toBe(height)
    }
    expect(heard).toEqual([1, 2, 3, 4, 5])
    expect(also).toEqual((await chainOf(consensus)).slice(1).map((block) => block.id))
  })

  it('refuses a payload that is too large, and no other', async () => {
    const { consensus } = get()
    const large = consensus.submit(new Uint8Array(64 * 1024 * 1024))
    const small = submitText(consensus, 'small')
    await expect(large).rejects.toEqual(code('payload-too-large'))
    expect(texts(await small)).toEqual(['small'])
  })
}

function describeTime(get: () => ConsensusStore): void {
  it('is the wall clock where that goes on', async () => {
    const { consensus, setClock } = get()
    const start = consensus.tip().timestampMs
    setClock(start + 5_000)
    expect((await submitText(consensus, 'x')).timestampMs).toBe(start + 5_000)
  })

  it('goes on where the clock stands or goes back, also over a restart', async () => {
    const { consensus, setClock } = get()
    const start = consensus.tip().timestampMs + 1_000_000
    setClock(start)
    await submitText(consensus, '1')
    expect((await submitText(consensus, '2')).timestampMs).toBe(start + 1)
    setClock(start - 500_000)
    expect((await submitText(consensus, '3')).timestampMs).toBe(start + 2)
    const again = await get().reopen()
    expect((await submitText(again, '4')).timestampMs).toBe(start + 3)
    setClock(start + 10)
    expect((await submitText(again, '5')).timestampMs).toBe(start + 10)
    expectChain(await chainOf(again))
  })
}

function describeChain(
  get: () => ConsensusStore,
  make: (networkId: string) => Promise<ConsensusStore>,
): void {
  it('starts at a genesis that follows from the network', async () => {
    const genesis = get().consensus.tip()
    expect(genesis).toMatchObject({ height: 0, previous: '' })
    const [same, other] = [await make('network-1'), await make('network-2')]
    expect(same.consensus.tip()).toEqual(genesis)
    expect(other.consensus.tip().id).not.toBe(genesis.id)
    await same.remove()
    await other.remove()
  })

  it('is found by height and by id, and nothing else is', async () => {
    const { consensus } = get()
    for (let i = 0; i < 40; i++) await submitText(consensus, `${i}`)
    for (const block of await chainOf(consensus)) {
      expect(await consensus.blockById(block.id)).toEqual(block)
    }
    for (const height of [41, -1, 0.5, Number.NaN]) {
      expect(await consensus.block(height)).toBeUndefined()
    }
    for (const id of ['', 'A'.repeat(43), 'not an id', `${consensus.tip().id}AAAA`]) {
      expect(await consensus.blockById(id)).toBeUndefined()
    }
  })

  it('is there again after a restart, and goes on', async () => {
    const { consensus } = get()
    for (let i = 0; i < 5; i++) await submitText(consensus, `${i}`)
    const before = await chainOf(consensus)
    const again = await get().reopen()
    expect(await chainOf(again)).toEqual(before)
    expect(again.tip()).toEqual(before.at(-1))
    const next = await submitText(again, 'next')
    expect(next).toMatchObject({ height: 6, previous: before.at(-1)?.id })
    expectChain(await chainOf(again))
  })

  it('has what was accepted before close, and refuses what comes after', async () => {
    const { consensus } = get()
    const accepted = [1, 2, 3].map((i) => submitText(consensus, `${i}`))
    const closed = consensus.close()
    await expect(submitText(consensus, 'late')).rejects.toEqual(code('consensus-closed'))
    const heights = (await Promise.all(accepted)).map((block) => block.height)
    await closed
    expect((await get().reopen()).tip().height).toBe(Math.max(...heights))
  })
}
