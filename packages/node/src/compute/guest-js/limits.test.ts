import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../runtime/index.ts'
import { deepSources } from './testing/deep-sources.ts'
import { createActor, jsGuestModule, spawnActor } from './testing/test-actor.ts'

const tight = { 'Compute-Limit': '1000000' }

describe('the compute limit', () => {
  it('ends endless loops, and the actor lives on', async () => {
    const source = `let n = 0
      on('Loop', () => { for (;;) n++ })
      on('Jobs', () => { const again = () => { Promise.resolve().then(again) }; again() })
      on('Catch', () => { for (;;) try { for (;;) n++ } catch { n = -1 } finally { n = -2 } })
      on('Regexp', () => /^(a+)+$/.test('a'.repeat(40) + 'b'))
      on('Get', msg => msg.reply({ data: n }))`
    const actor = await spawnActor({ source, tags: tight })
    for (const action of ['Loop', 'Jobs', 'Catch', 'Regexp']) {
      const result = await actor.send({ action })
      expect(result.Error, action).toMatch(/^compute limit reached: .* 1000000 steps/)
      expect(result.GasUsed).toBe(1_000_000)
      expect(result.Messages).toEqual([])
    }
    expect((await actor.send({ action: 'Get' })).Messages[0]?.Data).toBe('0')
    actor.close()
  })

  it('ends them at the same step wherever they run', async () => {
    const module = await jsGuestModule()
    const run = async () => {
      const guest = await module.instantiate({ memoryBytes: 64 * 2 ** 20 })
      const tags = [{ name: 'Type', value: 'Process' }]
      const message = { Id: 'p', From: 'o', Owner: 'o', Target: 'p', Tags: tags }
      const data = 'globalThis.n = 0; for (;;) n++'
      const environment = {
        Process: { Id: 'p', Owner: 'o', Tags: [{ name: 'Compute-Limit', value: '1000000' }] },
        Module: { Id: 'm', Owner: 'o', Tags: [] },
      }
      const context = { timestampMs: 0, seed: new Uint8Array(32) }
      guest.handle(JSON.stringify({ ...message, Data: data }), JSON.stringify(environment), context)
      const digest = nodeCrypto.sha256(guest.memory())
      guest.close()
      expect(() => guest.memory()).toThrow(/closed/)
      return digest
    }
    expect(await run()).toEqual(await run())
  })

  it('is large enough for real work by default', async () => {
    const actor = await spawnActor({ source: '' })
    const data = 'function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2) } fib(24)'
    const { Output, GasUsed } = await actor.send({ action: 'Eval', data })
    expect(Output.data).toBe('46368')
    expect(GasUsed).toBeGreaterThan(0)
    actor.close()
  })

  it('counts the processes of assignments among what a message may emit', async () => {
    const actor = await spawnActor({
      source: `on('Assign', msg => assign({
        processes: new Array(Number(msg.tags.Count)).fill('a'), message: msg.id }))`,
    })
    const assigning = (Count: string) => actor.send({ action: 'Assign', tags: { Count } })
    expect((await assigning('10000')).Assignments[0]?.Processes).toHaveLength(10_000)
    await expect(assigning('10001')).rejects.toThrow(/emitted more than 10000/)
    actor.close()
  })

  it('covers the boot', async () => {
    const actor = await createActor({ source: '', tags: tight })
    const spawned = { tags: { Type: 'Process' }, id: actor.id, data: 'for (;;);' }
    expect((await actor.send(spawned)).Error).toMatch(/^compute limit reached/)
    actor.close()
  })
})

describe('the memory limit', () => {
  it('stops growth where it stands, and the actor lives on', async () => {
    const memoryBytes = 4 * 2 ** 20
    const actor = await spawnActor({ source: 'const kept = []', memoryBytes })
    const data = 'for (;;) kept.push("x".repeat(1000) + kept.length)'
    expect((await actor.send({ action: 'Eval', data })).Error).toMatch(/out of memory/)
    expect(actor.memory().length).toBeLessThanOrEqual(memoryBytes)
    expect((await actor.send({ action: 'Eval', data: 'kept.length' })).Output.data).toBe('0')
    actor.close()
  })

  it('refuses a message that does not fit, as a fault', async () => {
    const actor = await spawnActor({ source: '', memoryBytes: 4 * 2 ** 20 })
    const data = 'x'.repeat(4 * 2 ** 20)
    await expect(actor.send({ action: 'A', data })).rejects.toMatchObject({ code: 'guest-fault' })
    expect((await actor.send({ action: 'Eval', data: '1' })).Output.data).toBe('1')
    actor.close()
  })

  it('must leave room for the engine', async () => {
    const module = await jsGuestModule()
    await expect(module.instantiate({ memoryBytes: 2 ** 20 })).rejects.toMatchObject({
      code: 'memory-limit-too-low',
    })
  })

  it('holds against strangers who fill the inbox', async () => {
    const actor = await spawnActor({ source: '', memoryBytes: 16 * 2 ** 20 })
    for (let i = 0; i < 30; i++) await actor.send({ action: 'Spam', data: 'x'.repeat(600_000) })
    expect((await actor.send({ action: 'Eval', data: 'inbox.length' })).Output.data).toBe('1')
    actor.close()
  })
})

describe('recursion', () => {
  it('ends inside the guest on a stack smaller than that of a worker', async () => {
    const worker = new Worker(new URL('./testing/deep-thread.ts', import.meta.url), {
      resourceLimits: { stackSizeMb: 3 },
      execArgv: ['--disable-warning=ExperimentalWarning'],
    })
    const [errors]: [string, string][][] = await once(worker, 'message')
    await worker.terminate()
    expect(errors?.map(([name]) => name)).toEqual(Object.keys(deepSources))
    for (const [name, error] of errors ?? []) {
      expect(error, name).toBe('RangeError: Maximum call stack size exceeded')
    }
  })
})
