import { generateKeyPairSync } from 'node:crypto'
import { decodeText } from '@heddle/protocol/base'
import { type Item, ownerAddress, tagValue, verifyItem } from '@heddle/protocol/item'
import { connect, createSigner } from '@permaweb/aoconnect'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  arweaveSigner,
  createRuntime,
  ed25519Signer,
  ethereumSigner,
  nodeCrypto,
} from '../../runtime/index.ts'
import { CountingCompute } from '../fixtures/compute.ts'
import { makeItem } from '../fixtures/gateway.ts'
import { serve } from '../fixtures/http.ts'
import { MemoryProcesses } from '../fixtures/processes.ts'
import { createMainnetRoutes } from '../gateway.ts'

const address = 'N'.repeat(43)
const moduleId = 'M'.repeat(43)
const log = new MemoryProcesses(ed25519Signer(new Uint8Array(32).fill(9)))
const compute = new CountingCompute(log)
const wallet = generateKeyPairSync('rsa', { modulusLength: 4096 }).privateKey.export({
  format: 'jwk',
})
const walletAddress = ownerAddress(arweaveSigner(wallet), nodeCrypto)
let server: Awaited<ReturnType<typeof serve>>
let ao: ReturnType<typeof mainnetClient>
let processId: string

const mainnetClient = (URL: string) =>
  connect({ MODE: 'mainnet', URL, signer: createSigner(wallet) } as const)

beforeAll(async () => {
  const deps = {
    address,
    scheduler: log,
    compute,
    verify: async (item: Item) => verifyItem(item, nodeCrypto),
    engine: nodeCrypto,
    timer: createRuntime().timer,
  }
  server = await serve(createMainnetRoutes(deps, { pushPatienceMs: 100, readPatienceMs: 300 }))
  ao = mainnetClient(server.url)
  processId = await ao.spawn({ module: moduleId, tags: [{ name: 'Name', value: 'counter' }] })
})
afterAll(async () => {
  expect(server.faults).toEqual([])
  await server.close()
})

const action = (value: string) => [{ name: 'Action', value }]
const call = (path: string, init?: RequestInit) => fetch(`${server.url}${path}`, init)
const post = (path: string, body: Uint8Array) =>
  call(path, {
    method: 'POST',
    headers: { 'content-type': 'application/ans104' },
    body: new Uint8Array(body),
  })

test('spawn asks for the address, names us scheduler and authority, gives the process', async () => {
  const [entry] = await log.entries(processId, 0, 1)
  const tags = entry?.message?.tags ?? []
  expect(entry?.message?.id).toBe(processId)
  expect(tagValue(tags, 'Scheduler')).toBe(address)
  expect(tagValue(tags, 'Authority')).toBe(address)
  expect(tagValue(tags, 'Variant')).toBe('ao.N.1')
  expect(tagValue(tags, 'Name')).toBe('counter')
})

test('message gives its slot; result reads it by slot and by id', async () => {
  const slot = await ao.message({ process: processId, tags: action('Inc'), data: 'hello' })
  expect(slot).toBe(log.head(processId) - 1)
  const result = await ao.result({ process: processId, slot })
  expect(result.Output).toEqual({ data: '1', said: 'hello' })
  expect(result).toMatchObject({ Messages: [], Spawns: [], Assignments: [] })
  const [entry] = await log.entries(processId, slot, 1)
  const byId = await ao.result({ process: processId, message: entry?.message?.id ?? '' })
  expect(byId.Output).toEqual(result.Output)
})

test('message with its whole response gives the result at once', async () => {
  const whole = await ao.message({
    process: processId,
    tags: action('Inc'),
    opts: { fullResponse: true },
  })
  expect(whole.Output).toEqual({ data: '2', said: '1984' })
})

test('an error of the process comes as its Error, not as a failed request', async () => {
  const slot = await ao.message({ process: processId, tags: action('Fail') })
  expect((await ao.result({ process: processId, slot })).Error).toBe('told to')
})

test('results gives the newest slot as its one edge', async () => {
  const slot = await ao.message({ process: processId, tags: action('Inc'), data: 'newest' })
  const { edges } = await ao.results({ process: processId })
  expect(edges).toHaveLength(1)
  expect(edges[0]).toMatchObject({ cursor: String(slot), node: { Output: { said: 'newest' } } })
})

test('dryrun carries its tags and data, says who asks, and leaves no slot', async () => {
  const head = log.head(processId)
  const tags = [...action('Get'), { name: 'Path', value: 'a/b c&d=ä?#' }]
  const { Output } = await ao.dryrun({ process: processId, tags, data: 'question' })
  const seen = Object.fromEntries(
    (JSON.parse(Output.data) as { name: string; value: string }[]).map(({ name, value }) => [
      name,
      value,
    ]),
  )
  // A `&` before a `=` cannot be told from the client's own; everything else arrives.
  expect(seen).toMatchObject({ Action: 'Get', Path: 'a/b c', d: 'ä?#', 'Data-Protocol': 'ao' })
  expect(seen).not.toHaveProperty('require-codec')
  expect(compute.dryRuns.at(-1)).toMatchObject({
    From: walletAddress,
    Owner: walletAddress,
    Target: processId,
    Data: 'question',
  })
  expect(log.head(processId)).toBe(head)
})

test('a wallet of Ethereum is known by its 0x address in a dry-run', async () => {
  const signer = ethereumSigner(new Uint8Array(32).fill(7))
  const item = await makeItem('', {}, { signer })
  await post(`/${processId}~process@1.0/as=execution/compute&Action=Get`, item.bytes)
  expect(compute.dryRuns.at(-1)?.From).toMatch(/^0x[0-9a-fA-F]{40}$/)
})

test('clients without a wallet can read', async () => {
  const path = `/${processId}~process@1.0`
  expect(await (await call(`${path}/slot/current`)).text()).toBe(String(log.head(processId) - 1))
  expect(await (await call(`/${processId}/slot/current`)).text()).toBe(
    String(log.head(processId) - 1),
  )
  const now = (await (await call(`${path}/now`)).json()) as { raw: unknown; slot: number }
  expect(now.slot).toBe(log.head(processId) - 1)
  expect(await (await call(`${path}/compute&slot=1/results/raw/Output/data`)).text()).toBe('1')
  expect(await (await call(`${path}/compute=1`)).json()).toMatchObject({ slot: 1 })
  expect(await (await call(`${path}/compute?slot=1`)).json()).toMatchObject({ slot: 1 })
  const dry = await call(`${path}/as=execution/compute&Action=Get?From-Query=yes`)
  expect(dry.status).toBe(200)
  expect(compute.dryRuns.at(-1)?.Tags).toContainEqual({ name: 'From-Query', value: 'yes' })
})

test('the schedule, as a map of slots and as the page older units read', async () => {
  const path = `/${processId}~process@1.0/schedule?from=0&to=1`
  const schedule = (await (await call(path)).json()) as { assignments: object }
  expect(schedule).toMatchObject({ type: 'schedule', process: processId, continues: true })
  expect(Object.keys(schedule.assignments)).toEqual(['0', '1'])
  const paged = (await (await call(`${path}&accept=application/aos-2`)).json()) as {
    edges: { cursor: string }[]
  }
  expect(paged.edges.map(({ cursor }) => cursor)).toEqual(['0', '1'])
  expect((await call(`/${processId}/~scheduler@1.0/schedule?from=0`)).status).toBe(200)
  expect((await call(`/${processId}~process@1.0/schedule?from=x`)).status).toBe(400)
})

test("older messengers post to the scheduler's own path and read headers", async () => {
  const item = await makeItem(
    'x',
    { 'Data-Protocol': 'ao', Type: 'Message' },
    { target: processId },
  )
  const response = await post(`/${processId}/~scheduler@1.0/schedule`, item.bytes)
  expect(response.status).toBe(200)
  expect(response.headers.get('process')).toBe(processId)
  expect(response.headers.get('slot')).toBe(String(log.head(processId) - 1))
  expect(response.headers.get('timestamp')).toMatch(/^\d+$/)
})

test('the same item pushed again gets the first receipt', async () => {
  const item = await makeItem(
    'once',
    { 'Data-Protocol': 'ao', Type: 'Message' },
    { target: processId },
  )
  const path = `/${processId}~process@1.0/push`
  const [first, again] = [await post(path, item.bytes), await post(path, item.bytes)]
  expect(again.status).toBe(200)
  expect(again.headers.get('slot')).toBe(first.headers.get('slot'))
})

test('a push does not wait for ever for a result, and not at all if told', async () => {
  const message = { 'Data-Protocol': 'ao', Type: 'Message', Action: 'Sleep' }
  const slow = await makeItem('slow', message, { target: processId })
  const path = `/${processId}~process@1.0/push`
  const reply = (await (await post(path, slow.bytes)).json()) as Record<string, unknown>
  expect(reply).toMatchObject({ id: slow.id, slot: log.head(processId) - 1 })
  expect(reply['result-error']).toMatch(/still being evaluated/)
  const tags = { ...message, 'push-mode': 'async' }
  const hasty = await makeItem('hasty', tags, { target: processId })
  expect(await (await post(path, hasty.bytes)).json()).not.toHaveProperty('result-error')
  const late = await call(`/${processId}/compute/results=${log.head(processId) - 1}`)
  expect(late.status).toBe(503)
  expect(await late.json()).toMatchObject({ code: 'result-pending' })
  await ao.message({ process: processId, tags: action('Inc') })
})

test('who we are', async () => {
  expect(await (await call('/~meta@1.0/info/address')).text()).toBe(address)
  expect(await (await call('/~meta@1.0/info')).json()).toMatchObject({ address })
})

test('refusals carry status, reason, error and code', async () => {
  const other = 'A'.repeat(43)
  const process = `/${processId}~process@1.0`
  const good = await makeItem(
    'm',
    { 'Data-Protocol': 'ao', Type: 'Message' },
    { target: processId },
  )
  const tampered = Uint8Array.from(good.bytes)
  tampered[tampered.length - 1] = 0
  const refusals: [response: Promise<Response>, status: number, told: RegExp][] = [
    [call(`/${other}~process@1.0/slot/current`), 404, /unknown process/],
    [call(`/${other}~process@1.0/compute/results=0`), 404, /unknown process/],
    [call(`${process}/compute/results=99999`), 404, /no slot or message 99999/],
    [call(`${process}/compute/results=${other}`), 404, /no slot or message/],
    [call(`${process}/compute/results=-1`), 400, /name a slot/],
    [call(`${process}/now/results/raw/Secret`), 404, /no key/],
    [call(`${process}/now/results/raw/__proto__`), 404, /no key/],
    [call(`${process}/destroy`), 404, /no key destroy/],
    [call(`${process}/push`), 404, /no key push/],
    [call(`${process}/now?require-codec=flat@1.0`), 400, /codec flat@1.0/],
    [call(`${process}/push`, { method: 'POST' }), 400, /empty/],
    [post(`${process}/push`, tampered), 400, /does not hold/],
    [post(`${process}/push`, good.bytes.subarray(0, 50)), 400, /ends within/],
    [post(`/${other}~process@1.0/push`, good.bytes), 400, /target/],
    [post(`${process}/as=execution/compute&A=B`, tampered), 400, /does not hold/],
  ]
  for (const [pending, status, told] of refusals) {
    const response = await pending
    const body = (await response.json()) as Record<string, unknown>
    expect([response.status, body.error]).toEqual([status, expect.stringMatching(told)])
    expect(body).toMatchObject({ status, reason: body.error, code: expect.any(String) })
  }
})

test('a client without a signer is told so', async () => {
  const unsigned = connect({ MODE: 'mainnet', URL: server.url } as never) as unknown as typeof ao
  const read = await unsigned.result({ process: processId, slot: 1 })
  expect(read.Output).toMatchObject({ data: '1' })
  const response = await call('/push', { method: 'POST', body: '[object Object]' })
  expect(response.status).toBe(400)
  expect(decodeText(new Uint8Array(await response.arrayBuffer()))).toContain('not signed')
})
