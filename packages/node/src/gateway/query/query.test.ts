import { bundleItems, bundleTags, type Item, ownerAddress } from '@heddle/protocol/item'
import { connect as connectSchedulers } from '@permaweb/ao-scheduler-utils'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nodeCrypto } from '../../runtime/index.ts'
import { alice, bob, eventually, makeItem, type Rig, startRig } from '../fixtures/gateway.ts'
import { postGraphql, serve } from '../fixtures/http.ts'
import { queryLimits } from './limits.ts'

let rig: Rig
let server: Awaited<ReturnType<typeof serve>>
const items: Item[] = []
let module: Item
let process: Item
let message: Item
let bundled: Item
let bundle: Item

beforeAll(async () => {
  rig = await startRig()
  server = await serve(rig.gateway.routes())
  module = await makeItem('wasm', { 'Data-Protocol': 'ao', Type: 'Module', Name: 'm' })
  await rig.gateway.keep(module)
  await eventually(() => rig.gateway.settled(module.id))
  for (let n = 0; n < 25; n++) {
    const tags = { App: 'test', Number: String(n), Parity: n % 2 === 0 ? 'even' : 'odd' }
    const item = await makeItem(`item ${n}`, tags, { signer: n < 5 ? bob : alice })
    items.push(item)
    await rig.gateway.keep(item)
  }
  await eventually(() => rig.gateway.settled(items[24]?.id ?? ''))
  rig.log.blockHeight = rig.consensus.tip().height
  const processTags = { 'Data-Protocol': 'ao', Type: 'Process', Module: module.id, Scheduler: 's' }
  process = await makeItem('', processTags)
  await rig.log.schedule(process)
  message = await makeItem('hi', { 'Data-Protocol': 'ao', Type: 'Message' }, { target: process.id })
  await rig.log.schedule(message)
  bundled = await makeItem('in a bundle', { App: 'bundled' })
  bundle = await makeItem(bundleItems([bundled]), bundleTags)
  await rig.gateway.keep(bundle)
  await eventually(() => rig.gateway.settled(bundle.id))
})
afterAll(async () => {
  await server.close()
  await rig.stop()
})

type Page = {
  readonly pageInfo: { readonly hasNextPage: boolean }
  readonly count?: number
  readonly edges: readonly { readonly cursor: string; readonly node: Record<string, unknown> }[]
}

function pageOf(data: Record<string, unknown> | undefined, field: string): Page {
  expect(data).toBeDefined()
  return data?.[field] as Page
}

async function page(args: string): Promise<Page> {
  const fields = '{ pageInfo { hasNextPage } edges { cursor node { id block { height } } } }'
  const { data, errors } = await postGraphql(server.url, `{ transactions(${args}) ${fields} }`)
  expect(errors).toBeUndefined()
  return pageOf(data, 'transactions')
}
const ids = ({ edges }: Page) => edges.map(({ node }) => node.id)

test('aoconnect finds a module by its id before it spawns', async () => {
  const query = `query GetTransactions ($transactionIds: [ID!]!) {
    transactions(ids: $transactionIds) {
      edges { node { owner { address } tags { name value } block { id height timestamp } } }
    }
  }`
  const { data } = await postGraphql(server.url, query, { transactionIds: [module.id] })
  const [edge] = pageOf(data, 'transactions').edges
  expect(edge?.node).toEqual({
    owner: { address: ownerAddress(module, nodeCrypto) },
    tags: module.tags.map(({ name, value }) => ({ name, value })),
    block: { id: rig.consensus.blocks[1]?.id, height: 1, timestamp: 1_700_000_001 },
  })
})

test('a compute unit of AO loads a process with every field it asks for', async () => {
  const query = `query GetTransactions($ids: [ID!]!, $skipTags: Boolean!, $skipSignature: Boolean!,
      $skipAnchor: Boolean!) {
    transactions(ids: $ids) { edges { node {
      id signature @skip(if: $skipSignature) anchor @skip(if: $skipAnchor)
      owner { address key } tags @skip(if: $skipTags) { name value } recipient
    } } }
  }`
  const flags = { skipTags: false, skipSignature: true, skipAnchor: false }
  const { data } = await postGraphql(server.url, query, { ids: [message.id], ...flags })
  const node = pageOf(data, 'transactions').edges[0]?.node
  expect(node).toMatchObject({ id: message.id, anchor: '', recipient: process.id })
  expect(node).not.toHaveProperty('signature')
})

test('ao-scheduler-utils reads the newest Scheduler-Location', async () => {
  const location = (Url: string) =>
    makeItem(Url, {
      'Data-Protocol': 'ao',
      Type: 'Scheduler-Location',
      Url,
      'Time-To-Live': '60000',
    })
  await rig.gateway.keep(await location('http://old.example'))
  const newer = await location('http://new.example')
  await rig.gateway.keep(newer)
  await eventually(() => rig.gateway.settled(newer.id))
  const { raw } = connectSchedulers({ GRAPHQL_URL: `${server.url}/graphql` })
  const found = await raw(ownerAddress(newer, nodeCrypto))
  expect(found?.url).toBe('http://new.example')
})

test('the aos console finds its process by name and owner, and modules newest first', async () => {
  const owner = ownerAddress(module, nodeCrypto)
  const query = `query ($owners: [String!]!, $names: [String!]!) {
    transactions(first: 10, owners: $owners, tags: [
      { name: "Data-Protocol", values: ["ao"] }, { name: "Type", values: ["Module"] },
      { name: "Name", values: $names } ], sort: HEIGHT_DESC) {
      edges { node { id tags { name value } block { timestamp } } } }
  }`
  const found = await postGraphql(server.url, query, { owners: [owner], names: ['m'] })
  expect(ids(pageOf(found.data, 'transactions'))).toEqual([module.id])
  const none = await postGraphql(server.url, query, { owners: [owner], names: ['M'] })
  expect(ids(pageOf(none.data, 'transactions'))).toEqual([])
})

test('filters join with and, their values with or', async () => {
  const byBob = `owners: ["${ownerAddress(items[0] as Item, nodeCrypto)}"], first: 100`
  const expected = [4, 2, 0].map((n) => items[n]?.id)
  expect(ids(await page(`${byBob}, tags: [{ name: "Parity", values: ["even"] }]`))).toEqual(
    expected,
  )
  const two = await page('tags: [{ name: "Number", values: ["3", "17"] }], sort: HEIGHT_ASC')
  expect(ids(two)).toEqual([items[3]?.id, items[17]?.id])
  expect(ids(await page('tags: [{ name: "Number", values: ["99"] }]'))).toEqual([])
})

test('NEQ leaves out, a name without values asks for the name', async () => {
  const app = '{ name: "App", values: ["test"] }'
  const odd = await page(`tags: [${app}, { name: "Parity", values: ["even"], op: NEQ }], first: 50`)
  expect(odd.edges.length).toBe(12)
  expect(ids(await page('tags: [{ name: "Module" }]'))).toEqual([process.id])
  const unnamed = `ids: ["${module.id}", "${items[0]?.id}"], tags: [{ name: "Name", op: NEQ }]`
  expect(ids(await page(unnamed))).toEqual([items[0]?.id])
})

test('a tag that is not indexed is looked for in the items the others leave', async () => {
  const slot = (n: string) =>
    page(
      `tags: [{ name: "Process", values: ["${process.id}"] }, { name: "Nonce", values: ["${n}"] }]`,
    )
  const [, second] = await rig.log.entries(process.id, 0, 2)
  expect(ids(await slot('1'))).toEqual([second?.assignment.item.id])
  expect(ids(await slot('7'))).toEqual([])
})

test('recipients, bundledIn and block ranges', async () => {
  expect(ids(await page(`recipients: ["${process.id}"]`))).toEqual([message.id])
  expect(ids(await page(`bundledIn: ["${bundle.id}"]`))).toEqual([bundled.id])
  expect(ids(await page('block: { min: 1, max: 1 }'))).toEqual([module.id])
  expect(ids(await page('block: { min: 1000000 }'))).toEqual([])
})

test.each(['HEIGHT_DESC', 'HEIGHT_ASC', 'INGESTED_AT_DESC', 'INGESTED_AT_ASC'])(
  'pages of any size give all once and in order (%s)',
  async (sort) => {
    const seen: unknown[] = []
    for (let after = ''; ; ) {
      const args = `tags: [{ name: "App", values: ["test"] }], first: 4, sort: ${sort}`
      const { edges, pageInfo } = await page(`${args}, after: "${after}"`)
      seen.push(...edges.map(({ node }) => node.id))
      after = edges.at(-1)?.cursor ?? ''
      if (!pageInfo.hasNextPage) break
    }
    const expected = items.map(({ id }) => id)
    expect(seen).toEqual(sort.endsWith('ASC') ? expected : expected.reverse())
  },
)

test('count tells how many there are, whatever the page', async () => {
  const query = `{ transactions(first: 1, tags: [{ name: "App", values: ["test"] }]) { count } }`
  expect((await postGraphql(server.url, query)).data?.transactions).toEqual({ count: 25 })
})

test('one transaction, every field, nothing null that may not be', async () => {
  const query = `{ transaction(id: "${bundled.id}") { id anchor signature signatureType recipient
    owner { address key } fee { winston ar } quantity { winston ar } data { size type }
    tags { name value } block { height previous } bundledIn { id } parent { id } ingested_at } }`
  const { data, errors } = await postGraphql(server.url, query)
  expect(errors).toBeUndefined()
  expect(data?.transaction).toMatchObject({
    id: bundled.id,
    recipient: '',
    signatureType: 2,
    data: { size: '11', type: '' },
    bundledIn: { id: bundle.id },
    parent: { id: bundle.id },
  })
  const missing = await postGraphql(server.url, `{ transaction(id: "${'A'.repeat(43)}") { id } }`)
  expect(missing.data).toEqual({ transaction: null })
})

test('blocks by height and id, and the newest', async () => {
  const fields =
    '{ pageInfo { hasNextPage } edges { cursor node { id height timestamp previous } } }'
  const query = `{ blocks(height: { min: 1 }, first: 2, sort: HEIGHT_ASC) ${fields} }`
  const first = pageOf((await postGraphql(server.url, query)).data, 'blocks')
  expect(first.edges.map(({ node }) => node.height)).toEqual([1, 2])
  expect(first.pageInfo.hasNextPage).toBe(true)
  const after = first.edges[1]?.cursor
  const next = await postGraphql(
    server.url,
    `{ blocks(first: 1, after: "${after}", sort: HEIGHT_ASC) ${fields} }`,
  )
  expect(pageOf(next.data, 'blocks').edges[0]?.node.height).toBe(3)
  const id = rig.consensus.blocks[1]?.id
  const one = await postGraphql(
    server.url,
    `{ block(id: "${id}") { height } blocks(ids: ["${id}"]) { edges { node { id } } } }`,
  )
  expect(one.data).toEqual({ block: { height: 1 }, blocks: { edges: [{ node: { id } }] } })
})

test('GET answers like POST', async () => {
  const query = encodeURIComponent(`{ transaction(id: "${module.id}") { id } }`)
  const response = await fetch(`${server.url}/graphql?query=${query}`)
  expect(await response.json()).toEqual({ data: { transaction: { id: module.id } } })
})

const alias = (n: number) => `a${n}: transactions(first: 1000) { edges { node { id } } }`
const refusals: [what: string, query: string, told: RegExp][] = [
  ['a query that is none', '{ transactions( }', /Syntax Error/],
  ['an unknown field', '{ transactions { nodes } }', /Cannot query field/],
  ['a query too long', `{ ${' '.repeat(queryLimits.length)} }`, /characters/],
  ['too many tokens', `{ ${'a '.repeat(queryLimits.tokens)} }`, /token/],
  ['too many searches', `{ ${[...Array(20).keys()].map(alias).join(' ')} }`, /searches at once/],
  ['too many fields', `{ transactions { edges { node { ${'id '.repeat(600)} } } } }`, /fields/],
  ['a fragment within itself', '{ ...a } fragment a on Query { ...a }', /itself/],
  ['a fragment bomb', fragmentBomb(30), /fields|levels/],
  // Counted without being walked: each level doubles it.
  ['a fragment bomb of nothing', fragmentBomb(60).replace('block { id }', '...none'), /none/],
  ['a cursor of nobody', '{ transactions(after: "x") { count } }', /cursor/],
  ['a page below none', '{ transactions(first: -1) { count } }', /below 0/],
  ['a list too long', `{ transactions(owners: [${'"a" '.repeat(1001)}]) { count } }`, /entries/],
]
const tenThousand = [...Array(10).keys()].map((n) => ({
  name: `T${n}`,
  values: Array(1000).fill('v'),
}))
test('more entries than one search may test are refused, however they are spread', async () => {
  const query = 'query ($tags: [TagFilter!]) { transactions(tags: $tags) { count } }'
  const { errors } = await postGraphql(server.url, query, { tags: tenThousand })
  expect(errors?.[0]?.message).toContain('10010 entries in all lists together')
})

test('an answer larger than one may be is refused while it is made', async () => {
  for (let n = 0; n < 12; n++) {
    await rig.gateway.keep(await makeItem(`long ${n}`, { Kind: 'long', Long: 'x'.repeat(3000) }))
  }
  const values = [...Array(500).keys()].map((n) => `v${n}: value`).join(' ')
  const ask = (first: number) => {
    const args = `first: ${first}, tags: [{ name: "Kind", values: ["long"] }]`
    return postGraphql(
      server.url,
      `{ transactions(${args}) { edges { node { tags { ${values} } } } } }`,
    )
  }
  expect((await ask(5)).errors).toBeUndefined()
  const { data, errors } = await ask(12)
  expect(data).toBeNull()
  expect(errors?.map(({ message: text }) => text).join()).toContain('fewer fields')
})

test.each(refusals)('%s is refused', async (_what, query, told) => {
  const { errors } = await postGraphql(server.url, query)
  expect(errors?.map(({ message: text }) => text).join()).toMatch(told)
})

function fragmentBomb(levels: number): string {
  const fragment = (n: number) => `fragment f${n} on Query { ...f${n + 1} ...f${n + 1} }`
  const chain = [...Array(levels).keys()].map(fragment).join(' ')
  return `{ ...f0 } ${chain} fragment f${levels} on Query { block { id } }`
}

test('a body that is no query gets 400 and says what to send', async () => {
  for (const body of ['', 'nonsense', '[]', '{"query":5}', '{"query":"{a}","variables":3}']) {
    const response = await fetch(`${server.url}/graphql`, { method: 'POST', body })
    expect(response.status).toBe(400)
    expect(((await response.json()) as { error: string }).error).toContain('application/json')
  }
  expect(server.faults).toEqual([])
})

test('tools can ask for the schema', async () => {
  const { getIntrospectionQuery } = await import('graphql')
  const { data, errors } = await postGraphql(server.url, getIntrospectionQuery())
  expect(errors).toBeUndefined()
  expect(data).toHaveProperty('__schema')
})
