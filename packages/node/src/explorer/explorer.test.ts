import { decodeText } from '@heddle/protocol/base'
import { ownerAddress } from '@heddle/protocol/item'
import type { Result } from '@heddle/protocol/message'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openServer, type ServerSocket } from '../network/index.ts'
import { createRuntime, nodeCrypto } from '../runtime/index.ts'
import {
  messageItem,
  openWorld,
  processItem,
  userSigner,
  type World,
} from '../scheduler/testing/fixture.ts'
import { createExplorer, type Explorer } from './explorer.ts'
import type { SlotEvaluation } from './ports.ts'
import { readEvaluations } from './slots.ts'

const stranger = 'S'.repeat(43)

/** A compute unit that is told its results. */
function resultBook() {
  const book = new Map<string, SlotEvaluation[]>()
  const listeners: ((processId: string, slot: number) => void)[] = []
  return {
    evaluations: async (processId: string, from: number, limit: number) =>
      (book.get(processId) ?? []).slice(from, from + limit),
    evaluatedHead: (processId: string) => book.get(processId)?.length ?? 0,
    onEvaluated: (listener: (processId: string, slot: number) => void) => {
      listeners.push(listener)
    },
    add(processId: string, result: Partial<Result>) {
      const results = book.get(processId) ?? []
      book.set(processId, results)
      const empty = { Messages: [], Spawns: [], Assignments: [], Output: '', GasUsed: 0 }
      results.push({ slot: results.length, result: { ...empty, ...result } })
      for (const listener of listeners) listener(processId, results.length - 1)
    },
  }
}

describe('the explorer over a real scheduler', () => {
  const results = resultBook()
  let world: World
  let explorer: Explorer
  let server: ServerSocket
  let alpha = ''
  let beta = ''

  const ask = async (path: string) => {
    const answer = await fetch(`${server.url}/explorer/api${path}`)
    return { status: answer.status, body: await answer.json() }
  }

  beforeAll(async () => {
    world = await openWorld()
    explorer = createExplorer({
      log: world.scheduler,
      results,
      blocks: { tip: () => ({ height: 7, timestampMs: 0 }) },
      runtime: createRuntime(),
      engine: nodeCrypto,
      peers: ['http://127.0.0.1:1'],
      fetch: globalThis.fetch,
      siteFolder: world.folder,
      served: () => ['GET /su'],
      hostUse: async () => ({ memoryBytes: 1, diskUsedBytes: 2, diskFreeBytes: 3 }),
      onFault: (what, error) => expect.unreachable(`${what}: ${error}`),
    })
    server = await openServer({ port: 0 })
    await server.serve([{ prefix: '/explorer', routes: explorer.routes() }], {
      onInternalError: (error) => expect.unreachable(String(error)),
    })
    const first = await processItem([{ name: 'Name', value: 'Alpha' }])
    alpha = (await world.scheduler.schedule(first)).processId
    const parentTag = { name: 'From-Process', value: alpha }
    const second = await processItem([{ name: 'Name', value: 'beta' }, parentTag])
    beta = (await world.scheduler.schedule(second)).processId
    const tags = [
      { name: 'Action', value: 'Inc' },
      { name: 'From-Process', value: beta },
    ]
    await world.scheduler.schedule(await messageItem(alpha, tags))
    await world.scheduler.schedule(await messageItem(alpha))
    results.add(alpha, { Output: { data: 'booted' }, GasUsed: 5 })
    const sent = { Target: beta, Anchor: '', Tags: [] }
    results.add(alpha, { Messages: [sent], Error: 'no', GasUsed: 6 })
  })

  afterAll(async () => {
    explorer.close()
    await server.close()
    await world.close()
  })

  it('lists processes, sorted and searched', async () => {
    const { body } = await ask('/processes')
    expect(body).toMatchObject({
      total: 2,
      rows: [
        { id: beta, name: 'beta', slots: 1, evaluated: 0, parent: alpha, at: 1 },
        { id: alpha, name: 'Alpha', slots: 3, evaluated: 2, at: 0 },
      ],
    })
    const names = async (query: string) =>
      (await ask(`/processes?${query}`)).body.rows.map(({ name }: { name: string }) => name)
    expect(await names('sort=busiest')).toEqual(['Alpha', 'beta'])
    expect(await names('sort=oldest&from=1&limit=1')).toEqual(['beta'])
    expect(await names('search=ALPHA')).toEqual(['Alpha'])
    expect(await names(`search=${beta}`)).toEqual(['beta'])
    expect(await names('search=gamma')).toEqual([])
  })

  it('tells one process and its parent, and names', async () => {
    expect((await ask(`/processes/${beta}`)).body).toMatchObject({
      id: beta,
      owner: ownerAddress(userSigner, nodeCrypto),
      parentName: 'Alpha',
    })
    expect((await ask(`/names?ids=${alpha},${stranger}`)).body).toEqual({
      names: { [alpha]: 'Alpha' },
    })
  })

  it('shows the log in lines with what each slot gave', async () => {
    const { body } = await ask(`/processes/${alpha}/slots?from=0&limit=10`)
    expect(body).toMatchObject({
      total: 3,
      rows: [
        { slot: 0, id: alpha, action: 'Spawn', outcome: { output: 'booted', gasUsed: 5 } },
        { slot: 1, action: 'Inc', from: beta, outcome: { error: 'no', messages: 1 } },
        { slot: 2, action: '', from: ownerAddress(userSigner, nodeCrypto) },
      ],
    })
    expect(body.rows[2]).not.toHaveProperty('outcome')
  })

  it('knows when it saw a slot, and what is not evaluated', async () => {
    const seen = (await ask(`/processes/${alpha}/slots/1`)).body
    expect(seen).toMatchObject({ scheduled: true, evaluated: true })
    expect(seen.evaluatedMs).toBeGreaterThanOrEqual(seen.scheduledMs)
    expect(seen.scheduledMs).toBeGreaterThanOrEqual(seen.receivedMs)
    expect((await ask(`/processes/${alpha}/slots/9`)).body).toEqual({
      scheduled: false,
      evaluated: false,
    })
  })

  it('adds up partners and cost', async () => {
    const { body } = await ask(`/processes/${alpha}/activity`)
    expect(body).toMatchObject({ slots: 3, gasUsed: 11, errors: 1, messages: 1 })
    expect(body.partners).toContainEqual({
      id: beta,
      received: 1,
      sent: 1,
      process: true,
      name: 'beta',
    })
  })

  it('refuses what is out of bounds and what it does not know', async () => {
    const cases: [path: string, status: number, code: string][] = [
      ['/processes?limit=0', 400, 'explorer-query-invalid'],
      ['/processes?limit=1000', 400, 'explorer-query-invalid'],
      ['/processes?from=-1', 400, 'explorer-query-invalid'],
      ['/processes?sort=best', 400, 'explorer-query-invalid'],
      [`/processes?search=${'x'.repeat(200)}`, 400, 'explorer-query-invalid'],
      [`/names?ids=${Array(65).fill(alpha).join(',')}`, 400, 'explorer-query-invalid'],
      [`/processes/${stranger}`, 404, 'unknown-process'],
      [`/processes/${stranger}/slots`, 404, 'unknown-process'],
      [`/processes/${stranger}/activity`, 404, 'unknown-process'],
      [`/processes/${alpha}/slots/x`, 400, 'explorer-query-invalid'],
      [`/live?process=${stranger}`, 404, 'unknown-process'],
    ]
    for (const [path, status, code] of cases) {
      expect(await ask(path), path).toMatchObject({ status, body: { code } })
    }
  })

  it('feeds what happens, with the time it took', async () => {
    const leaving = new AbortController()
    const { signal } = leaving
    const answer = await fetch(`${server.url}/explorer/api/live?process=${beta}`, { signal })
    expect(answer.headers.get('content-type')).toContain('text/event-stream')
    const reader = answer.body?.getReader()
    await reader?.read()
    await world.scheduler.schedule(await messageItem(beta))
    results.add(beta, {})
    let text = ''
    while (!text.includes('"latencyMs"')) {
      text += decodeText((await reader?.read())?.value ?? new Uint8Array())
    }
    expect(text).toContain('event: slots')
    expect(text).not.toContain(alpha)
    leaving.abort()
  })

  it('gives the newest events and the peers to who has just come', async () => {
    const { body } = await ask('/overview')
    expect(body.recent.at(0)).toMatchObject({ kind: 'scheduled', processId: alpha, slot: 0 })
    expect(body.peers).toEqual([{ url: 'http://127.0.0.1:1', state: 'away' }])
    expect((await ask('/routes')).body).toEqual({ routes: ['GET /su'] })
  })
})

it('reads results in pages bounded by their bytes, one page in memory at a time', async () => {
  const result = { Messages: [], Spawns: [], Assignments: [], Output: '', GasUsed: 0 }
  const asked: number[][] = []
  const results = {
    evaluatedHead: () => 7,
    onEvaluated: () => {},
    // As where two results are as large as a page may be.
    evaluations: async (_processId: string, from: number, limit: number, bytesMax: number) => {
      asked.push([from, limit, bytesMax])
      const page: SlotEvaluation[] = []
      for (let slot = from; slot < from + Math.min(2, limit); slot++) page.push({ slot, result })
      return page
    },
  }
  const slots: number[] = []
  const mebibyte = 1024 * 1024
  for await (const { slot } of readEvaluations(results, 'p', 2, 100)) {
    slots.push(slot)
    // Nothing is read ahead of who takes it.
    expect(asked.length).toBe(Math.ceil(slots.length / 2))
  }
  expect(slots).toEqual([2, 3, 4, 5, 6])
  const pages = [
    [2, 5, 16 * mebibyte],
    [4, 3, 16 * mebibyte],
    [6, 1, 16 * mebibyte],
  ]
  expect(asked).toEqual(pages)
})
