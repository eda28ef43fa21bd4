import { rm } from 'node:fs/promises'
import type { Item } from '@heddle/protocol/item'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually, makeItem, type Rig, startRig } from '../fixtures/gateway.ts'
import { postGraphql, serve } from '../fixtures/http.ts'

/**
 * Every combination of three tags over few values, so that random filters hit some and miss some.
 */
const names = ['A', 'B', 'C']
const values = ['1', '2', '3']
const items: Item[] = []
let rig: Rig
let server: Awaited<ReturnType<typeof serve>>

beforeAll(async () => {
  rig = await startRig()
  for (let n = 0; n < 80; n++) {
    const chosen = names.flatMap((name, at) => {
      const value = values[Math.floor(n / 4 ** at) % 4]
      return value === undefined ? [] : [{ name, value }]
    })
    const item = await makeItem(`item ${n}`, chosen)
    await rig.gateway.keep(item)
    items.push(item)
  }
  await eventually(() => rig.gateway.settled(items[79]?.id ?? ''))
  server = await serve(rig.gateway.routes())
})
afterAll(async () => {
  await server.close()
  await rig.stop()
})

type Filter = { name: string; values: string[]; op: 'EQ' | 'NEQ' }
const filter: fc.Arbitrary<Filter> = fc.record({
  name: fc.constantFrom(...names),
  values: fc.uniqueArray(fc.constantFrom(...values), { minLength: 1 }),
  op: fc.constantFrom<'EQ' | 'NEQ'>('EQ', 'NEQ'),
})

const query = `query ($tags: [TagFilter!], $first: Int, $after: String, $sort: SortOrder) {
  transactions(tags: $tags, first: $first, after: $after, sort: $sort) {
    count pageInfo { hasNextPage } edges { cursor node { id } }
  }
}`
type Page = {
  count: number
  pageInfo: { hasNextPage: boolean }
  edges: { cursor: string; node: { id: string } }[]
}

const pageOf = (value: unknown) => value as Page

async function readAll(tags: Filter[], first: number, sort: string) {
  const ids: string[] = []
  for (let after: string | undefined; ; ) {
    const { data } = await postGraphql(server.url, query, { tags, first, after, sort })
    expect(data).toBeDefined()
    const { edges, pageInfo, count } = pageOf(data?.transactions)
    ids.push(...edges.map(({ node }) => node.id))
    if (!pageInfo.hasNextPage) return { ids, count }
    after = edges.at(-1)?.cursor
  }
}

/** What the filters mean, said plainly. */
function expected(tags: Filter[]): string[] {
  const fits = (item: Item) =>
    tags.every(({ name, values: wanted, op }) => {
      const has = item.tags.some((tag) => tag.name === name && wanted.includes(tag.value))
      return has === (op === 'EQ')
    })
  return items.filter(fits).map(({ id }) => id)
}

const property = fc.asyncProperty(
  fc.array(filter, { maxLength: 3 }),
  fc.integer({ min: 1, max: 90 }),
  fc.constantFrom('HEIGHT_ASC', 'HEIGHT_DESC'),
  async (tags, first, sort) => {
    const { ids, count } = await readAll(tags, first, sort)
    const right = expected(tags)
    expect(count).toBe(right.length)
    expect(ids).toEqual(sort === 'HEIGHT_ASC' ? right : right.reverse())
  },
)

test('pages of any filter hold what a plain scan finds, each once', async () => {
  await fc.assert(property, { numRuns: 60 })
})

test('and the same with an index rebuilt from the journal', async () => {
  await server.close()
  await rig.restart(async () => {
    for (const suffix of ['', '-wal', '-shm'])
      await rm(`${rig.indexFile}${suffix}`, { force: true })
  })
  server = await serve(rig.gateway.routes())
  await fc.assert(property, { numRuns: 30 })
})
