import { encodeBase64Url } from '@heddle/protocol/base'
import { bundleItems, bundleTags } from '@heddle/protocol/item'
import Arweave from 'arweave'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually, makeItem, type Rig, startRig } from '../fixtures/gateway.ts'
import { postGraphql, serve } from '../fixtures/http.ts'

let rig: Rig
let server: Awaited<ReturnType<typeof serve>>
let arweave: Arweave
let wallet: Awaited<ReturnType<Arweave['wallets']['generate']>>

beforeAll(async () => {
  rig = await startRig({ dev: true })
  server = await serve(rig.gateway.routes())
  const { port } = new URL(server.url)
  arweave = Arweave.init({ host: '127.0.0.1', port, protocol: 'http' })
  wallet = await arweave.wallets.generate()
})
afterAll(async () => {
  expect(server.faults).toEqual([])
  await server.close()
  await rig.stop()
})

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${server.url}${path}`, { headers })

async function signed(data: Uint8Array | string, tags: Record<string, string> = {}) {
  const transaction = await arweave.createTransaction({ data }, wallet)
  for (const [name, value] of Object.entries(tags)) transaction.addTag(name, value)
  await arweave.transactions.sign(transaction, wallet)
  return transaction
}

/** Not two chunks alike. */
function mixed(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at++) bytes[at] = (at * 31 + (at >> 8) * 17 + (at >> 16)) % 251
  return bytes
}

async function upload(transaction: Awaited<ReturnType<typeof signed>>) {
  const uploader = await arweave.transactions.getUploader(transaction)
  while (!uploader.isComplete) {
    await uploader.uploadChunk()
    expect(uploader.lastResponseStatus).toBe(200)
  }
}

const raw = async (id: string) => new Uint8Array(await (await get(`/raw/${id}`)).arrayBuffer())

test('a transaction with its data is read back at once, and is confirmed', async () => {
  const transaction = await signed('hello', { 'Content-Type': 'text/plain', App: 'layer-one' })
  expect((await arweave.transactions.post(transaction)).status).toBe(200)
  expect(await (await get(`/${transaction.id}`)).text()).toBe('hello')
  const read = await arweave.transactions.get(transaction.id)
  expect(await arweave.transactions.verify(read)).toBe(true)
  expect(await arweave.transactions.getData(transaction.id, { decode: true, string: true })).toBe(
    'hello',
  )
  await eventually(() => rig.gateway.settled(transaction.id))
  const status = await arweave.transactions.getStatus(transaction.id)
  expect(status.confirmed?.block_height).toBeGreaterThan(0)
  const { data } = await postGraphql(
    server.url,
    `{ transactions(tags: {name: "App", values: "layer-one"}) { edges { node {
      id owner { address } fee { winston ar } data { size type } bundledIn { id } } } } }`,
  )
  const address = await arweave.wallets.jwkToAddress(wallet)
  expect(data?.transactions).toEqual({
    edges: [
      {
        node: {
          id: transaction.id,
          owner: { address },
          fee: { winston: '0', ar: '0.000000000000' },
          data: { size: '5', type: 'text/plain' },
          bundledIn: null,
        },
      },
    ],
  })
})

const kib = 1024
test.each([
  ['one byte', new Uint8Array([7])],
  ['an exact chunk', mixed(256 * kib)],
  ['two exact chunks', mixed(512 * kib)],
  ['a chunk and a byte', mixed(256 * kib + 1)],
  ['three MiB of zeros', new Uint8Array(3 * kib * kib)],
  ['an uneven end', mixed(800_001)],
])('%s in chunks and back, both ways', async (_, data) => {
  const transaction = await signed(data)
  await upload(transaction)
  expect(Buffer.compare(await raw(transaction.id), data)).toBe(0)
  const back = await arweave.transactions.getData(transaction.id, { decode: true })
  expect(Buffer.compare(Buffer.from(back), data)).toBe(0)
  const offset = await (await get(`/tx/${transaction.id}/offset`)).json()
  expect(offset).toMatchObject({ size: String(data.length) })
})

test('no data at all, and none before all of it is here', async () => {
  const empty = await arweave.createTransaction({ target: 'A'.repeat(43), quantity: '1' }, wallet)
  await arweave.transactions.sign(empty, wallet)
  expect((await arweave.transactions.post(empty)).status).toBe(200)
  expect((await raw(empty.id)).length).toBe(0)
  const transaction = await signed(mixed(600 * kib))
  const uploader = await arweave.transactions.getUploader(transaction)
  await uploader.uploadChunk()
  await uploader.uploadChunk()
  expect((await get(`/${transaction.id}`)).status).toBe(404)
  expect((await get(`/tx/${transaction.id}/offset`)).status).toBe(404)
  const saved = JSON.parse(JSON.stringify(uploader))
  // Another client goes on where the first stopped.
  const resumed = await arweave.transactions.getUploader(saved, mixed(600 * kib))
  while (!resumed.isComplete) await resumed.uploadChunk()
  expect((await raw(transaction.id)).length).toBe(600 * kib)
})

test('data that comes along with a transaction known without it is kept', async () => {
  const transaction = await signed('late')
  const post = (json: object) =>
    fetch(`${server.url}/tx`, { method: 'POST', body: JSON.stringify(json) })
  expect((await post({ ...transaction.toJSON(), data: '' })).status).toBe(200)
  expect((await get(`/${transaction.id}`)).status).toBe(404)
  expect((await post(transaction.toJSON())).status).toBe(200)
  expect(Buffer.from(await raw(transaction.id)).toString()).toBe('late')
  expect((await (await get(`/tx/${transaction.id}/offset`)).json()).size).toBe('4')
})

test('content by id and range, of items too; nothing while a chunk is missing', async () => {
  const data = mixed(700 * kib)
  const transaction = await signed(data, { Title: 'large' })
  const uploader = await arweave.transactions.getUploader(transaction)
  await uploader.uploadChunk()
  await uploader.uploadChunk()
  expect(await rig.gateway.content(transaction.id)).toBeUndefined()
  while (!uploader.isComplete) await uploader.uploadChunk()
  const content = await rig.gateway.content(transaction.id)
  const tagOf = encodeBase64Url(Buffer.from('Title'))
  expect(content?.header).toMatchObject({ id: transaction.id, data: '', data_size: '716800' })
  expect(content?.header.tags[0]?.name).toBe(tagOf)
  const parts: Uint8Array[] = []
  for await (const part of content?.read(250 * kib, 300 * kib) ?? []) parts.push(part)
  expect(Buffer.concat(parts).equals(Buffer.from(data.subarray(250 * kib, 300 * kib)))).toBe(true)
  const item = await makeItem('of an item')
  await rig.gateway.keep(item)
  const held = await rig.gateway.content(item.id)
  expect(held).toMatchObject({ item: { id: item.id }, sizeBytes: 10 })
  // What a drive shows of an item follows from its signed fields alone (compute/weave-drive/item-source.ts).
  expect(held?.header).toEqual({
    ...{ format: 2, id: item.id, last_tx: '', tags: [], target: '', quantity: '0' },
    ...{ owner: encodeBase64Url(item.owner), signature: encodeBase64Url(item.signature) },
    ...{ data: '', data_size: '10', data_root: '', reward: '0' },
  })
  const tip = rig.consensus.tip()
  expect(await rig.gateway.block(tip.id)).toMatchObject({ indep_hash: tip.id, height: tip.height })
  expect(await rig.gateway.block('A'.repeat(43))).toBeUndefined()
})

test('forged chunks are refused by the names clients know', async () => {
  const transaction = await signed(mixed(600 * kib))
  const uploader = await arweave.transactions.getUploader(transaction)
  await uploader.uploadChunk()
  const chunk = transaction.getChunk(0, mixed(600 * kib))
  const post = async (change: object) => {
    const body = JSON.stringify({ ...chunk, ...change })
    const reply = await fetch(`${server.url}/chunk`, { method: 'POST', body })
    return [reply.status, ((await reply.json()) as { error?: string }).error]
  }
  const other = encodeBase64Url(new Uint8Array(256 * kib))
  expect(await post({ chunk: other })).toEqual([400, 'invalid_proof'])
  expect(await post({ data_path: 'AAAA' })).toEqual([400, 'invalid_proof'])
  expect(await post({ data_root: 'A'.repeat(43) })).toEqual([400, 'data_root_not_found'])
  expect(await post({ offset: '700000' })).toEqual([400, 'offset_too_big'])
  expect(await post({ chunk: 'A'.repeat(400_000) })).toEqual([400, 'chunk_too_big'])
  expect(await post({ data_size: undefined })).toEqual([400, 'invalid_json'])
  expect(await post({})).toEqual([200, undefined])
})

test('what was changed after signing is refused', async () => {
  const transaction = await signed('as signed', { A: 'b' })
  const json = transaction.toJSON()
  const cases: [change: object, code: string][] = [
    [{ data: encodeBase64Url(new TextEncoder().encode('otherwise')) }, 'transaction-wrong'],
    [{ reward: '1' }, 'transaction-wrong'],
    [{ id: 'A'.repeat(43) }, 'transaction-wrong'],
    [{ data_size: '4' }, 'transaction-invalid'],
  ]
  for (const [change, code] of cases) {
    const body = JSON.stringify({ ...json, ...change })
    const reply = await fetch(`${server.url}/tx`, { method: 'POST', body })
    expect(reply.status).toBe(400)
    expect(await reply.json()).toMatchObject({ code })
  }
})

test('a bundle in chunks is opened when its last chunk is here, unconfirmed', async () => {
  const leaf = await makeItem('leaf', { 'Content-Type': 'text/plain' })
  const large = await makeItem(mixed(1_200_000))
  const inner = await makeItem(bundleItems([leaf]), bundleTags)
  const forged = await makeItem('forged')
  const bytes = bundleItems([inner, large, forged])
  bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1
  const tags = Object.fromEntries(bundleTags.map(({ name, value }) => [name, value]))
  const transaction = await signed(bytes, tags)
  rig.consensus.held = new Promise(() => {})
  await upload(transaction)
  expect(await (await get(`/${leaf.id}`)).text()).toBe('leaf')
  expect((await raw(large.id)).length).toBe(1_200_000)
  expect((await get(`/tx/${leaf.id}/status`)).status).toBe(202)
  expect((await get(`/${forged.id}`)).status).toBe(404)
  rig.consensus.held = Promise.resolve()
  const { data } = await postGraphql(
    server.url,
    `{ transactions(bundledIn: "${transaction.id}") { edges { node { id bundledIn { id } } } } }`,
  )
  const bundledIn = { id: transaction.id }
  const nodes = [inner.id, large.id].map((id) => ({ node: { id, bundledIn } }))
  expect(data).toEqual({ transactions: { edges: expect.arrayContaining(nodes) } })
  await rig.gateway.catchUp()
  const part = await get(`/${large.id}`, { range: 'bytes=262143-262145' })
  expect(new Uint8Array(await part.arrayBuffer())).toEqual(mixed(1_200_000).slice(262143, 262146))
})

test('development has blocks and balances for the asking', async () => {
  const before = rig.consensus.tip().height
  expect((await get('/mine/2')).status).toBe(200)
  expect(rig.consensus.tip().height).toBe(before + 2)
  expect(await (await get('/mint/someone/5000')).json()).toBe(5000)
  expect(await arweave.wallets.getBalance('someone')).toBe('5000')
  expect(await arweave.wallets.getBalance('nobody')).toBe('0')
})
