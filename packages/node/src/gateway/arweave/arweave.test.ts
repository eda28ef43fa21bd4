import { encodeBase64Url, encodeText } from '@heddle/protocol/base'
import { type Item, ownerAddress, parseItem } from '@heddle/protocol/item'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nodeCrypto } from '../../runtime/index.ts'
import { eventually, makeItem, nodeSigner, type Rig, startRig } from '../fixtures/gateway.ts'
import { serve } from '../fixtures/http.ts'
import { readRange, type WantedBytes } from './range.ts'

let rig: Rig
let server: Awaited<ReturnType<typeof serve>>
let page: Item

beforeAll(async () => {
  rig = await startRig()
  server = await serve(rig.gateway.routes())
  page = await makeItem('<script>alert(1)</script>', { 'Content-Type': 'text/html' })
  await upload('/v1/tx', page.bytes)
  await eventually(() => rig.gateway.settled(page.id))
})
afterAll(async () => {
  expect(server.faults).toEqual([])
  await server.close()
  await rig.stop()
})

function upload(path: string, body: Uint8Array | string, type = 'application/octet-stream') {
  const sent = typeof body === 'string' ? body : new Uint8Array(body)
  return fetch(`${server.url}${path}`, {
    method: 'POST',
    body: sent,
    headers: { 'content-type': type },
  })
}
const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${server.url}${path}`, { headers })

test.each(['/v1/tx', '/v1/tx/arweave', '/tx', '/tx/arweave'])(
  'an item posted to %s is kept when the reply comes',
  async (path) => {
    const item = await makeItem(`posted to ${path}`)
    const response = await upload(path, item.bytes)
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({
      id: item.id,
      owner: ownerAddress(item, nodeCrypto),
      winc: '0',
    })
    expect(await rig.gateway.item(item.id)).toMatchObject({ id: item.id })
    expect(await (await get(`/${item.id}`)).text()).toBe(`posted to ${path}`)
  },
)

test('the same item again is the same success', async () => {
  const head = rig.journal.head('items')
  expect((await upload('/v1/tx', page.bytes)).status).toBe(200)
  expect(rig.journal.head('items')).toBe(head)
})

test('what is no signed item is refused, with words, and not kept', async () => {
  const good = await makeItem('tampered with')
  const tampered = Uint8Array.from(good.bytes)
  tampered[tampered.length - 1] = (tampered[tampered.length - 1] ?? 0) ^ 1
  const head = rig.journal.head('items')
  const cases: [body: Uint8Array | string, told: RegExp][] = [
    ['', /empty/],
    ['{"format":2}', /transaction's id/],
    ['{ not JSON', /not valid JSON/],
    [good.bytes.subarray(0, 70), /ends within/],
    [new Uint8Array(100).fill(255), /signature type/],
    [tampered, /does not hold/],
  ]
  for (const [body, told] of cases) {
    const response = await upload('/v1/tx', body)
    expect(response.status).toBe(400)
    expect(((await response.json()) as { error: string }).error).toMatch(told)
  }
  expect(rig.journal.head('items')).toBe(head)
})

test.each(['', '/raw'])(
  'content at %s/:id has its type and no rights on our origin',
  async (at) => {
    const response = await get(`${at}/${page.id}`)
    expect(response.status).toBe(200)
    expect(await response.text()).toBe('<script>alert(1)</script>')
    expect(response.headers.get('content-type')).toBe('text/html')
    expect(response.headers.get('content-security-policy')).toMatch(/^sandbox;/)
    expect(response.headers.get('content-security-policy')).not.toContain('allow-')
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
  },
)

test('a content type that is none becomes plain bytes', async () => {
  for (const type of ['no type', 'text/html\r\nset-cookie: a=b', 'ä/ö', 'x'.repeat(300)]) {
    const item = await makeItem('typed', { 'Content-Type': type })
    await rig.gateway.keep(item)
    const response = await get(`/${item.id}`)
    expect(response.headers.get('content-type')).toBe('application/octet-stream')
    expect(response.headers.get('set-cookie')).toBeNull()
  }
})

test('HEAD, validators and ranges', async () => {
  const head = await fetch(`${server.url}/${page.id}`, { method: 'HEAD' })
  expect(head.headers.get('content-length')).toBe('25')
  const etag = head.headers.get('etag') ?? ''
  expect((await get(`/${page.id}`, { 'if-none-match': etag })).status).toBe(304)
  expect((await get(`/${page.id}`, { 'if-none-match': '"other"' })).status).toBe(200)
  const part = await get(`/${page.id}`, { range: 'bytes=1-6' })
  expect(part.status).toBe(206)
  expect(part.headers.get('content-range')).toBe('bytes 1-6/25')
  expect(await part.text()).toBe('script')
  const beyond = await get(`/${page.id}`, { range: 'bytes=25-' })
  expect(beyond.status).toBe(416)
  expect(beyond.headers.get('content-range')).toBe('bytes */25')
  const stale = await get(`/${page.id}`, { range: 'bytes=1-6', 'if-range': '"other"' })
  expect(stale.status).toBe(200)
})

const part = (from: number, to: number): WantedBytes => ({ kind: 'parts', parts: [{ from, to }] })
const ranges: [header: string | undefined, expected: WantedBytes][] = [
  [undefined, { kind: 'whole' }],
  ['bytes=0-0', part(0, 0)],
  ['bytes=5-', part(5, 9)],
  ['bytes=-3', part(7, 9)],
  ['bytes=-30', part(0, 9)],
  ['bytes=8-30', part(8, 9)],
  ['bytes=10-', { kind: 'beyond' }],
  ['bytes=-0', { kind: 'beyond' }],
  ['bytes=10-, 20-30', { kind: 'beyond' }],
  ['bytes=5-2', { kind: 'whole' }],
  [
    'bytes=8-9, 0-1, 20-',
    {
      kind: 'parts',
      parts: [
        { from: 8, to: 9 },
        { from: 0, to: 1 },
      ],
    },
  ],
  ['bytes=0-3,3-4', { kind: 'whole' }],
  [`bytes=${'0-0,'.repeat(60)}1-1`, { kind: 'whole' }],
  ['bytes=-', { kind: 'whole' }],
  ['items=0-1', { kind: 'whole' }],
]
test.each(ranges)('range %s of ten bytes', (header, expected) => {
  expect(readRange(header, 10)).toEqual(expected)
})

test('an empty item has no part to give', async () => {
  const item = await makeItem('')
  await rig.gateway.keep(item)
  expect((await get(`/${item.id}`)).status).toBe(200)
  expect((await get(`/${item.id}`, { range: 'bytes=0-' })).status).toBe(416)
})

test('the whole signed item', async () => {
  const bytes = new Uint8Array(await (await get(`/item/${page.id}`)).arrayBuffer())
  expect(parseItem(bytes, nodeCrypto).id).toBe(page.id)
})

test('an item as a transaction, and where it stands', async () => {
  const encode = (text: string) => encodeBase64Url(encodeText(text))
  expect(await (await get(`/tx/${page.id}`)).json()).toMatchObject({
    id: page.id,
    tags: [{ name: encode('Content-Type'), value: encode('text/html') }],
    data_size: '25',
  })
  const status = await get(`/tx/${page.id}/status`)
  expect(status.status).toBe(200)
  expect(await status.json()).toMatchObject({
    block_height: 1,
    block_indep_hash: rig.consensus.blocks[1]?.id,
    number_of_confirmations: rig.consensus.tip().height,
  })
})

test('pending until a block holds it', async () => {
  rig.consensus.held = new Promise(() => {})
  const item = await makeItem('waiting')
  await rig.gateway.keep(item)
  const status = await get(`/tx/${item.id}/status`)
  expect(status.status).toBe(202)
  expect(await status.text()).toBe('Pending')
  rig.consensus.held = Promise.resolve()
})

test('an unknown id is 404 with JSON, everywhere', async () => {
  const id = 'A'.repeat(43)
  for (const path of [`/${id}`, `/raw/${id}`, `/item/${id}`, `/tx/${id}`, `/tx/${id}/status`]) {
    const response = await get(path)
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ code: 'item-unknown' })
  }
})

test('ids do not swallow other paths, and other paths are no ids', async () => {
  expect((await get('/info')).status).toBe(200)
  expect(await (await get(`/${'A'.repeat(42)}`)).json()).toMatchObject({ code: 'route-unknown' })
})

test('what nodes of Arweave tell', async () => {
  const { height, id } = rig.consensus.tip()
  expect(await (await get('/info')).json()).toMatchObject({
    height,
    current: id,
    blocks: height + 1,
  })
  expect(await (await get('/height')).text()).toBe(String(height))
  expect(await (await get('/price/1000')).text()).toBe('0')
  expect(await (await get('/tx_anchor')).text()).toBe(id)
  expect(await (await get('/wallet/abc/balance')).text()).toBe('0')
  expect(await (await get('/peers')).json()).toEqual([])
  expect(await (await get('/ar-io/info')).json()).toMatchObject({
    wallet: encodeBase64Url(nodeCrypto.sha256(nodeSigner.owner)),
    bundlers: [{ url: 'http://node.test:4000' }],
  })
  expect((await get('/ar-io/healthcheck')).status).toBe(200)
})

test('blocks by height, by hash and the newest', async () => {
  const first = rig.consensus.blocks[1]
  const expected = { height: 1, indep_hash: first?.id, timestamp: 1_700_000_001, txs: [page.id] }
  expect(await (await get('/block/height/1')).json()).toMatchObject(expected)
  expect(await (await get(`/block/hash/${first?.id}`)).json()).toMatchObject(expected)
  expect((await get('/block/current')).status).toBe(200)
  for (const path of ['/block/height/999', '/block/height/-1', '/block/hash/none']) {
    expect((await get(path)).status).toBe(404)
  }
})
