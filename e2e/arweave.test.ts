import { createRuntime, ed25519Signer } from '@heddle/node/runtime'
import { createClient } from '@heddle/sdk'
import * as arbundles from 'arbundles'
import Arweave from 'arweave'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as warp from 'warp-arbundles'
import {
  type NodeProcess,
  newDataFolder,
  removeFolder,
  runHeddle,
  startNodeProcess,
} from './node-process.ts'

/** The clients of Arweave, unmodified, against a node as users start it. */
const { random } = createRuntime()
const folder = newDataFolder()
let node: NodeProcess
let arweave: Arweave
let wallet: Awaited<ReturnType<Arweave['wallets']['generate']>>

beforeAll(async () => {
  node = await startNodeProcess(folder, ['--dev'])
  connect()
  wallet = await arweave.wallets.generate()
})
afterAll(async () => {
  await node.stop()
  removeFolder(folder)
})

function connect(): void {
  const { port } = new URL(node.url)
  arweave = Arweave.init({ host: '127.0.0.1', port, protocol: 'http' })
}

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${node.url}${path}`, { headers })

async function graphql(query: string): Promise<unknown> {
  const body = JSON.stringify({ query })
  return (await (await fetch(`${node.url}/graphql`, { method: 'POST', body })).json()).data
}

async function signed(data: string | Uint8Array, tags: Record<string, string> = {}) {
  const transaction = await arweave.createTransaction({ data }, wallet)
  for (const [name, value] of Object.entries(tags)) transaction.addTag(name, value)
  await arweave.transactions.sign(transaction, wallet)
  return transaction
}

async function untilConfirmed(id: string) {
  for (;;) {
    const status = await arweave.transactions.getStatus(id)
    if (status.status === 200) return status.confirmed
    expect(status.status).toBe(202)
  }
}

test('a new wallet posts without a faucet, and the world agrees on what it posted', async () => {
  expect(await arweave.wallets.getBalance(await arweave.wallets.jwkToAddress(wallet))).toBe('0')
  expect(await arweave.transactions.getPrice(1_000_000)).toBe('0')
  const transaction = await signed('<h1>hello</h1>', { 'Content-Type': 'text/html' })
  expect(transaction.reward).toBe('0')
  expect((await arweave.transactions.post(transaction)).status).toBe(200)
  const read = await arweave.transactions.get(transaction.id)
  expect(await arweave.transactions.verify(read)).toBe(true)
  const confirmed = await untilConfirmed(transaction.id)
  const block = await arweave.blocks.get(confirmed?.block_indep_hash ?? '')
  expect(block.txs).toContain(transaction.id)
  expect((await arweave.network.getInfo()).height).toBeGreaterThanOrEqual(block.height)
})

test('chunks go up and come down, proven, and in ranges', async () => {
  const data = new Uint8Array(1_300_000).map((_, at) => (at * 7 + (at >> 9)) % 251)
  const transaction = await signed(data)
  const uploader = await arweave.transactions.getUploader(transaction)
  while (!uploader.isComplete) await uploader.uploadChunk()
  const back = await arweave.transactions.getData(transaction.id, { decode: true })
  expect(Buffer.compare(Buffer.from(back), data)).toBe(0)
  const range = await get(`/${transaction.id}`, { range: 'bytes=262140-262150' })
  expect(range.status).toBe(206)
  expect(new Uint8Array(await range.arrayBuffer())).toEqual(data.slice(262140, 262151))
  const info = await (await get(`/tx/${transaction.id}/offset`)).json()
  const last = Number(info.offset)
  expect((await get(`/chunk/${last}`)).status).toBe(200)
  expect((await get(`/chunk/${last + 1}`)).status).toBe(404)
  const checked = await runHeddle(['verify', 'item', transaction.id, '--json', '--url', node.url])
  const right = { kind: 'transaction', size: data.length, verdict: 'right' }
  expect(JSON.parse(checked.out)).toMatchObject(right)
  const shown = await runHeddle(['get', transaction.id, '--json', '--url', node.url])
  expect(Buffer.from(JSON.parse(shown.out).data, 'base64url').equals(data)).toBe(true)
})

test('a bundle of arbundles, posted as a transaction, is open at once', async () => {
  const signer = new arbundles.ArweaveSigner(wallet)
  const inner = arbundles.createData('inner', signer, {
    tags: [{ name: 'Content-Type', value: 'text/plain' }],
  })
  const large = arbundles.createData(Buffer.alloc(400_000, 7), signer)
  const bundle = await arbundles.bundleAndSignData([inner, large], signer)
  const tags = { 'Bundle-Format': 'binary', 'Bundle-Version': '2.0.0' }
  const transaction = await signed(new Uint8Array(bundle.getRaw()), tags)
  const uploader = await arweave.transactions.getUploader(transaction)
  while (!uploader.isComplete) await uploader.uploadChunk()
  expect(await (await get(`/${inner.id}`)).text()).toBe('inner')
  expect((await (await get(`/${large.id}`)).arrayBuffer()).byteLength).toBe(400_000)
  const query = `{ transactions(ids: ["${inner.id}"]) { count edges { node {
    id bundledIn { id } data { size type } owner { address } } } } }`
  const node = {
    id: inner.id,
    bundledIn: { id: transaction.id },
    data: { size: '5', type: 'text/plain' },
    owner: { address: await arweave.wallets.jwkToAddress(wallet) },
  }
  expect(await graphql(query)).toEqual({ transactions: { count: 1, edges: [{ node }] } })
})

test('transactions are modules of processes and messages to them', async () => {
  const client = createClient({ url: node.url, signer: ed25519Signer(random.bytes(32)) })
  const { modules } = (await client.status()) as { modules: { js: string } }
  const program = new Uint8Array(await (await get(`/raw/${modules.js}`)).arrayBuffer())
  const [{ node: known }] = (await graphql(
    `{ transactions(ids: ["${modules.js}"]) { edges { node { tags { name value } } } } }`,
  ).then((data) => (data as { transactions: { edges: unknown[] } }).transactions.edges)) as [
    { node: { tags: { name: string; value: string }[] } },
  ]
  const tags = Object.fromEntries(known.tags.map(({ name, value }) => [name, value]))
  const module = await signed(program, tags)
  const uploader = await arweave.transactions.getUploader(module)
  while (!uploader.isComplete) await uploader.uploadChunk()
  const source = `
    allowAssignment({ action: 'Told' })
    let seen = []
    on('Told', (msg) => { seen.push([msg.id, msg.from, msg.data]) })
    on('Seen', (msg) => { msg.reply({ data: JSON.stringify(seen) }) })`
  const actor = await client.spawn({ source, module: module.id })
  const told = await signed('what was written on layer 1', { Action: 'Told' })
  await arweave.transactions.post(told)
  const query = `process-id=${actor.id}&assign=${told.id}`
  expect((await fetch(`${node.url}/mu/?${query}`, { method: 'POST' })).status).toBe(202)
  const { messages } = await actor.send({ action: 'Seen' })
  const from = await arweave.wallets.jwkToAddress(wallet)
  expect(JSON.parse(messages[0]?.data ?? '')).toEqual([
    [told.id, from, 'what was written on layer 1'],
  ])
  const empty = await signed(new Uint8Array(300_000).fill(1))
  await arweave.transactions.post({ ...empty.toJSON(), data: '' } as unknown as typeof empty)
  const early = `process-id=${actor.id}&assign=${empty.id}`
  expect((await fetch(`${node.url}/mu/?${early}`, { method: 'POST' })).status).toBe(404)
})

test('items of both libraries are taken, and read back by them', async () => {
  const theirs = arbundles.createData('by arbundles', new arbundles.ArweaveSigner(wallet))
  await theirs.sign(new arbundles.ArweaveSigner(wallet))
  const others = warp.createData('by warp-arbundles', new warp.ArweaveSigner(wallet))
  await others.sign(new warp.ArweaveSigner(wallet))
  for (const [raw, text, id] of [
    [theirs.getRaw(), 'by arbundles', theirs.id],
    [others.getRaw(), 'by warp-arbundles', await others.id],
  ] as const) {
    const reply = await fetch(`${node.url}/v1/tx`, { method: 'POST', body: new Uint8Array(raw) })
    expect(await reply.json()).toMatchObject({ id, signature: expect.stringMatching(/.{80,}/) })
    expect(await (await get(`/${id}`)).text()).toBe(text)
    const back = Buffer.from(await (await get(`/item/${id}`)).arrayBuffer())
    expect(await new arbundles.DataItem(back).isValid()).toBe(true)
  }
})

test('an item too large for a record comes back whole, also after a kill', async () => {
  const data = Buffer.alloc(16 * 1024 * 1024, 'sixteen MiB and some')
  const signer = new arbundles.ArweaveSigner(wallet)
  const item = arbundles.createData(data, signer)
  await item.sign(signer)
  const body = new Uint8Array(item.getRaw())
  expect((await fetch(`${node.url}/v1/tx`, { method: 'POST', body })).status).toBe(200)
  await node.kill()
  node = await startNodeProcess(folder, ['--dev'])
  connect()
  const back = Buffer.from(await (await get(`/${item.id}`)).arrayBuffer())
  expect(Buffer.compare(back, data)).toBe(0)
})

test('development nodes make blocks when told', async () => {
  const { height } = await arweave.network.getInfo()
  expect((await get('/mine')).status).toBe(200)
  expect((await arweave.network.getInfo()).height).toBeGreaterThan(height)
})
