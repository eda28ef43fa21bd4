import { createRuntime } from '@heddle/node/runtime'
import { createClient } from '@heddle/sdk'
import { quantile, remark, report } from './report.ts'
import { makeBundle, postBundle } from './store-bundle.ts'

const itemsPerBundle = 10_000
const groups = 1000
const queries = 500
const warmUp = 50
const { clock, random } = createRuntime()

/** Latency of a search by two tags (one in a thousand, and all items) in an index of `count` items. */
export async function measureQueries(url: string, count: number): Promise<void> {
  await fill(url, count)
  const { transport } = createClient({ url })
  const took: number[] = []
  const floor: number[] = []
  for (let i = 0; i < queries + warmUp; i++) {
    const group = new DataView(random.bytes(4).buffer).getUint32(0) % groups
    const tags = `[{ name: "App", values: ["bench"] }, { name: "Group", values: ["${group}"] }]`
    const query = `query { transactions(tags: ${tags}, first: 10) {
      edges { cursor node { id owner { address } tags { name value } block { height } } } } }`
    const ask = async (text: string) => {
      const startMs = clock.elapsedMs()
      await transport.post('/graphql', JSON.stringify({ query: text }), 'application/json')
      return clock.elapsedMs() - startMs
    }
    const own = await ask(query)
    const least = await ask('query { __typename }')
    if (i < warmUp) continue
    took.push(own)
    floor.push(least)
  }
  const limit = `a query that looks nothing up takes ${quantile(floor, 0.5).toFixed(2)} ms`
  const note = `${count} items, two tags, first 10, one at a time over HTTP; ${limit}`
  const figure = { bench: 'store', unit: 'ms', note }
  report({ ...figure, metric: 'graphql-p50', value: quantile(took, 0.5) })
  report({ ...figure, metric: 'graphql-p99', value: quantile(took, 0.99) })
}

async function fill(url: string, count: number): Promise<void> {
  const tagsOf = (i: number) => [
    { name: 'App', value: 'bench' },
    { name: 'Group', value: String(i % groups) },
  ]
  const make = (done: number) => makeBundle(Math.min(itemsPerBundle, count - done), 32, tagsOf)
  let next = make(0)
  for (let done = 0; done < count; ) {
    const size = Math.min(itemsPerBundle, count - done)
    const posting = postBundle(url, await next, size)
    done += size
    // Signed while the node takes in the one before.
    if (done < count) next = make(done)
    await posting
    if ((done / itemsPerBundle) % 10 === 0) remark(`${done} of ${count} items are in`)
  }
}
