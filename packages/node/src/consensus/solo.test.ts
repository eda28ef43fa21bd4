import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeText } from '@heddle/protocol/base'
import { encodeBlock, genesisBlock, readBlock } from '@heddle/protocol/ledger'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type OrderedLog, openJournal } from '../journal/index.ts'
import { createRuntime, nodeCrypto } from '../runtime/index.ts'
import { type ConsensusStore, consensusContract } from './consensus.contract.ts'
import { openSolo } from './index.ts'
import { type SoloOptions, soloDefaults } from './options.ts'

const runtime = createRuntime()
let nowMs = 0
const clock = { nowMs: () => nowMs, elapsedMs: () => 0 }

async function openOn(log: OrderedLog, options: Partial<SoloOptions> = {}) {
  return await openSolo({ log, epoch: await log.claim(), clock, crypto: nodeCrypto }, options)
}

async function makeStore(networkId: string): Promise<ConsensusStore> {
  const folder = await mkdtemp(join(tmpdir(), 'heddle-solo-'))
  let log = await openJournal(folder, runtime)
  const first = await openOn(log, { networkId })
  let consensus = first
  return {
    consensus: first,
    setClock: (value) => {
      nowMs = value
    },
    reopen: async () => {
      await consensus.close()
      await log.close()
      log = await openJournal(folder, runtime)
      consensus = await openOn(log, { networkId })
      return consensus
    },
    remove: async () => {
      await consensus.close()
      await log.close()
      await rm(folder, { recursive: true })
    },
  }
}

consensusContract('solo', makeStore)

describe('solo', () => {
  let folder: string
  let log: OrderedLog
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'heddle-solo-'))
    log = await openJournal(folder, runtime)
    nowMs = soloDefaults.genesisTimestampMs + 1_000
  })
  afterEach(async () => {
    await log.close()
    await rm(folder, { recursive: true })
  })

  it('fills a block up to its bytes and goes on in the next', async () => {
    const consensus = await openOn(log, { payloadBytes: 96, blockBytes: 300, pendingBytes: 2_000 })
    const payloads = Array.from({ length: 7 }, (_, i) => new Uint8Array(96).fill(i))
    const blocks = await Promise.all(payloads.map((payload) => consensus.submit(payload)))
    expect(blocks.map((block) => block.height)).toEqual([1, 1, 1, 2, 2, 2, 3])
  })

  it('refuses more than may wait, and takes it later', async () => {
    const consensus = await openOn(log, { payloadBytes: 96, blockBytes: 300, pendingBytes: 300 })
    const submit = () => consensus.submit(new Uint8Array(96))
    const done = [submit(), submit(), submit()]
    await expect(submit()).rejects.toMatchObject({ code: 'consensus-busy', kind: 'exhausted' })
    await Promise.all(done)
    expect((await submit()).height).toBe(2)
  })

  it('rejects what the log refuses, without a block, and goes on', async () => {
    let isFull = false
    const full: OrderedLog = {
      append: async (...call) => {
        if (isFull) throw new Error('no space')
        await log.append(...call)
      },
      read: (...call) => log.read(...call),
      head: (name) => log.head(name),
      logs: () => log.logs(),
      claim: () => log.claim(),
      close: () => log.close(),
    }
    const consensus = await openOn(full)
    const heard: number[] = []
    consensus.onBlock((block) => heard.push(block.height))
    isFull = true
    await expect(consensus.submit(encodeText('lost'))).rejects.toThrow('no space')
    expect(consensus.tip().height).toBe(0)
    isFull = false
    expect(await consensus.submit(encodeText('kept'))).toMatchObject({ height: 1 })
    expect(heard).toEqual([1])
  })

  it('stops when another writer claims the log', async () => {
    const consensus = await openOn(log)
    await consensus.submit(encodeText('mine'))
    const next = await openOn(log)
    await expect(consensus.submit(encodeText('late'))).rejects.toMatchObject({
      code: 'epoch-stale',
    })
    expect(await next.submit(encodeText('theirs'))).toMatchObject({ height: 2 })
  })

  it('does not open the chain of another network', async () => {
    await openOn(log, { networkId: 'one' })
    await expect(openOn(log, { networkId: 'two' })).rejects.toMatchObject({
      code: 'network-differs',
      kind: 'conflict',
    })
    await expect(openOn(log, { networkId: 'one', genesisTimestampMs: 1 })).rejects.toMatchObject({
      code: 'network-differs',
    })
  })

  it('does not open a chain that is broken at any link', async () => {
    const { networkId, genesisTimestampMs } = soloDefaults
    const genesis = genesisBlock(networkId, genesisTimestampMs, nodeCrypto)
    const { id } = readBlock(genesis, nodeCrypto)
    const timestampMs = genesisTimestampMs + 1
    const good = { height: 1, previous: id, timestampMs }
    const broken = {
      'it says it is block 2': { ...good, height: 2 },
      'which is not the block before': { ...good, previous: 'A'.repeat(42).concat('E') },
      'it is not later': { ...good, timestampMs: genesisTimestampMs },
    }
    const bad = Object.entries(broken).map(
      ([what, draft]) => [what, encodeBlock(draft, [], nodeCrypto)] as const,
    )
    for (const [what, bytes] of [...bad, ['not a block', encodeText('x')] as const]) {
      const other = await openJournal(join(folder, encodeURIComponent(what)), runtime)
      await other.append('blocks', 0, 0, [genesis, bytes])
      await expect(openOn(other), what).rejects.toMatchObject({
        code: 'chain-corrupt',
        message: expect.stringContaining(what),
      })
      await other.close()
    }
  })

  it('does not hand out a block whose payloads are not those of its header', async () => {
    const consensus = await openOn(log)
    await consensus.submit(encodeText('a'))
    await consensus.close()
    const [genesis, first] = await log.read('blocks', 0, 2)
    const forged = first?.bytes ?? new Uint8Array(0)
    forged[forged.length - 1] = 98
    const other = await openJournal(join(folder, 'other'), runtime)
    await other.append('blocks', 0, 0, [genesis?.bytes ?? new Uint8Array(0), forged])
    await expect(openOn(other)).rejects.toMatchObject({ code: 'chain-corrupt' })
    await other.close()
  })

  it('refuses options that contradict each other', async () => {
    const bad: Partial<SoloOptions>[] = [
      { networkId: '' },
      { networkId: 'n'.repeat(256) },
      { genesisTimestampMs: -1 },
      { payloadBytes: 0 },
      { payloadBytes: 97, blockBytes: 100 },
      { blockBytes: 2 ** 30 },
      { pendingBytes: Number.NaN },
    ]
    for (const options of bad) {
      await expect(openOn(log, options)).rejects.toMatchObject({
        code: 'consensus-options-invalid',
      })
    }
    expect(log.head('blocks')).toBe(0)
  })
})
