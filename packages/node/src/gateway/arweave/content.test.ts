import { createHash } from 'node:crypto'
import { bundleItems, bundleTags, type Item } from '@heddle/protocol/item'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeItem, type Rig, startRig } from '../fixtures/gateway.ts'
import { serve } from '../fixtures/http.ts'
import { manifestType, parseManifest, resolvePath } from './manifest.ts'

let rig: Rig
let server: Awaited<ReturnType<typeof serve>>
let home: Item
let about: Item

beforeAll(async () => {
  // Small, so that items beyond it go to the store.
  rig = await startRig({ recordBytes: 300_000 })
  server = await serve(rig.gateway.routes())
  home = await keep('home', { 'Content-Type': 'text/html' })
  about = await keep('about', { 'Content-Type': 'text/html' })
})
afterAll(async () => {
  expect(server.faults).toEqual([])
  await server.close()
  await rig.stop()
})

async function keep(data: string | Uint8Array, tags: Record<string, string> = {}): Promise<Item> {
  const item = await makeItem(data, tags)
  const reply = await post(item.bytes)
  expect(reply.status).toBe(200)
  return item
}
const post = (bytes: Uint8Array) =>
  fetch(`${server.url}/v1/tx`, { method: 'POST', body: new Uint8Array(bytes) })
const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(`${server.url}${path}`, { headers, method })

async function keepManifest(more: object): Promise<Item> {
  const paths = { 'index.html': { id: home.id }, 'docs/about': { id: about.id } }
  const manifest = { manifest: 'arweave/paths', version: '0.2.0', paths, ...more }
  return keep(JSON.stringify(manifest), { 'Content-Type': manifestType })
}

test('a manifest shows its index, its paths and its fallback; raw is its text', async () => {
  const first = await keepManifest({ version: '0.1.0', index: { path: 'index.html' } })
  expect(await (await get(`/${first.id}`)).text()).toBe('home')
  expect(await (await get(`/${first.id}/`)).text()).toBe('home')
  expect(await (await get(`/${first.id}/docs/about`)).text()).toBe('about')
  expect(await (await get(`/${first.id}/docs/about/`)).text()).toBe('about')
  const shown = await get(`/${first.id}/docs%2Fabout`)
  expect(shown.headers.get('content-type')).toBe('text/html')
  expect(shown.headers.get('content-security-policy')).toMatch(/^sandbox;/)
  const missing = await get(`/${first.id}/nowhere`)
  expect([missing.status, await missing.json()]).toMatchObject([
    404,
    { code: 'manifest-path-unknown' },
  ])
  expect((await (await get(`/raw/${first.id}`)).json()).manifest).toBe('arweave/paths')
  const second = await keepManifest({ index: { id: about.id }, fallback: { id: home.id } })
  expect(await (await get(`/${second.id}`)).text()).toBe('about')
  expect(await (await get(`/${second.id}/anything/at/all`)).text()).toBe('home')
  const bare = await keepManifest({})
  expect((await (await get(`/${bare.id}`)).json()).version).toBe('0.2.0')
})

test('what is no manifest has no paths, and a broken one says so', async () => {
  expect((await get(`/${home.id}/index.html`)).status).toBe(404)
  const broken = await keep('{"manifest":', { 'Content-Type': manifestType })
  const reply = await get(`/${broken.id}`)
  expect([reply.status, await reply.json()]).toMatchObject([400, { code: 'manifest-invalid' }])
})

test('paths named like parts of every object lead nowhere', () => {
  const manifest = parseManifest(
    new TextEncoder().encode('{"manifest":"arweave/paths","paths":{"a":{"id":7},"b":null}}'),
  )
  for (const path of ['constructor', '__proto__', 'toString', 'a', 'b']) {
    expect(resolvePath(manifest, path)).toBeUndefined()
  }
})

test('several ranges come as one reply of parts', async () => {
  const item = await keep('0123456789', { 'Content-Type': 'text/plain' })
  const reply = await get(`/${item.id}`, { range: 'bytes=0-1, 8-' })
  expect(reply.status).toBe(206)
  const [, boundary] = /^multipart\/byteranges; boundary=(\S+)$/.exec(
    reply.headers.get('content-type') ?? '',
  ) ?? ['', '']
  const text = await reply.text()
  expect(text.length).toBe(Number(reply.headers.get('content-length')))
  const part = (range: string, data: string) =>
    `\r\n--${boundary}\r\ncontent-type: text/plain\r\ncontent-range: bytes ${range}/10\r\n\r\n${data}`
  expect(text).toBe(`${part('0-1', '01')}${part('8-9', '89')}\r\n--${boundary}--\r\n`)
})

test('digests and where it lies are told beside it', async () => {
  const digest = createHash('sha256').update('home').digest()
  const reply = await get(`/${home.id}`)
  expect(reply.headers.get('content-digest')).toBe(`sha-256=:${digest.toString('base64')}:`)
  const part = await get(`/${home.id}`, { range: 'bytes=0-1' })
  expect(part.headers.get('content-digest')).toBeNull()
  expect(part.headers.get('repr-digest')).toBe(`sha-256=:${digest.toString('base64')}:`)
  expect(reply.headers.get('x-ar-io-digest')).toBe(digest.toString('base64url'))
  expect(reply.headers.get('x-ar-io-verified')).toBe('true')
  const leaf = await makeItem('leaf')
  const bundle = await keep(
    bundleItems([leaf]),
    Object.fromEntries(bundleTags.map(({ name, value }) => [name, value])),
  )
  await rig.gateway.catchUp()
  const inner = await get(`/${leaf.id}`)
  expect(inner.headers.get('x-ar-io-parent-id')).toBe(bundle.id)
  expect(inner.headers.get('x-ar-io-data-item-size')).toBe(String(leaf.bytes.length))
})

test('an item beyond a record goes to the store as it comes, and is served in ranges', async () => {
  const data = new Uint8Array(1_000_000).map((_, at) => at % 253)
  const tags = { 'Content-Type': 'video/mp4', 'Retain-Until': '9000000000000' }
  const item = await keep(data, tags)
  expect(rig.store.holders.get(item.id)).toMatchObject({
    untilMs: 9_000_000_000_000,
  })
  const whole = await get(`/${item.id}`)
  expect(whole.headers.get('content-length')).toBe('1000000')
  expect(Buffer.compare(Buffer.from(await whole.arrayBuffer()), data)).toBe(0)
  expect((await rig.gateway.item(item.id))?.bytes).toEqual(item.bytes)
  const signed = new Uint8Array(await (await get(`/item/${item.id}`)).arrayBuffer())
  expect(Buffer.compare(signed, item.bytes)).toBe(0)
  const parts = await get(`/${item.id}`, { range: 'bytes=0-0, 262143-262145, -2' })
  expect((await parts.arrayBuffer()).byteLength).toBe(Number(parts.headers.get('content-length')))
  const head = await get(`/${item.id}`, {}, 'HEAD')
  expect(head.headers.get('content-length')).toBe('1000000')
  await rig.gateway.catchUp()
  const { id } = item
  const query = JSON.stringify({ query: `{ transaction(id: "${id}") { data { size } } }` })
  const answer = await fetch(`${server.url}/graphql`, { method: 'POST', body: query })
  expect(await answer.json()).toEqual({ data: { transaction: { data: { size: '1000000' } } } })
})

test('one with a changed byte, far into its data, is not kept', async () => {
  const item = await makeItem(new Uint8Array(900_000))
  const bytes = Uint8Array.from(item.bytes)
  bytes[800_000] = 1
  const reply = await post(bytes)
  expect(await reply.json()).toMatchObject({ code: 'item-signature-wrong' })
  expect((await get(`/${item.id}`)).status).toBe(404)
  // Under a name of its own: nobody's promise about the same data ends by it.
  expect(rig.store.holders.get('refused')).toMatchObject({ untilMs: 0 })
  expect(rig.store.holders.has(item.id)).toBe(false)
})

test('a promise that is not understood is not taken', async () => {
  const item = await makeItem(new Uint8Array(900_000), { 'Retain-Copies': 'many' })
  expect(await (await post(item.bytes)).json()).toMatchObject({ code: 'retention-invalid' })
})

test('a large bundle is opened in the store; one that cannot be read hides no other', async () => {
  const leaves = await Promise.all([1, 2].map((n) => makeItem(new Uint8Array(400_000).fill(n))))
  const inner = await makeItem(bundleItems(leaves), bundleTags)
  const tags = Object.fromEntries(bundleTags.map(({ name, value }) => [name, value]))
  await keep(bundleItems([inner]), tags)
  for (const leaf of leaves) expect((await get(`/${leaf.id}`)).status).toBe(200)
  rig.store.damaged = true
  await keep(bundleItems([...leaves, await makeItem(new Uint8Array(400_000).fill(3))]), tags)
  const after = await keep('after')
  rig.store.damaged = false
  await rig.gateway.catchUp()
  expect(await (await get(`/${after.id}`)).text()).toBe('after')
})

test('what is kept by itself outlives the bundle it came in first, and what is gone is told', async () => {
  const leaf = await makeItem('to stay')
  const other = await makeItem(new Uint8Array(400_000), { Only: 'bundled' })
  const tags = Object.fromEntries(bundleTags.map(({ name, value }) => [name, value]))
  const lease = { ...tags, 'Retain-Until': '1000' }
  const bundle = await keep(bundleItems([leaf, other]), lease)
  await rig.gateway.catchUp()
  expect((await post(leaf.bytes)).status).toBe(200)
  const later = await makeItem('in two bundles')
  await keep(bundleItems([later, other, await makeItem('pads')]), lease)
  await keep(bundleItems([later]), tags)
  await rig.gateway.catchUp()
  rig.store.forget()
  expect(await (await get(`/${leaf.id}`)).text()).toBe('to stay')
  expect(await (await get(`/${later.id}`)).text()).toBe('in two bundles')
  for (const method of ['GET', 'HEAD']) {
    expect((await get(`/${bundle.id}`, {}, method)).status).toBe(404)
    expect((await get(`/${bundle.id}`, { range: 'bytes=0-1,5-6' }, method)).status).toBe(404)
  }
  const filter = `{ name: "Only", values: ["bundled"] }`
  const query = `{ transactions(tags: [${filter}]) { edges { node { id owner { address } tags { name } } } } }`
  const answer = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    body: JSON.stringify({ query }),
  })
  const node = { id: other.id, owner: { address: '' }, tags: [] }
  expect(await answer.json()).toEqual({
    data: { transactions: { edges: [{ node }] } },
    extensions: { unreadable: [other.id] },
  })
})
