import { afterEach, expect, it } from 'vitest'
import { chance, closeKillables, openKillable, sleep } from './killable-node.ts'
import { type Kept, sha256Of, type UploadKind, ways } from './mixed-uploads.ts'

/** Kills in one run: none unless asked for; `npm run soak` asks for fifty. */
const rounds = Number(process.env.HEDDLE_CRASH_ROUNDS ?? 0)
const kinds: UploadKind[] = ['transaction', 'chunks', 'item', 'bundle', 'turbo', 'turbo', 'large']
const idsPerQuery = 100

afterEach(closeKillables)

/** What of these the index does not tell of, with the tag they were posted with. */
async function notIndexed(url: string, kept: readonly Kept[]): Promise<string[]> {
  const lost: string[] = []
  for (let at = 0; at < kept.length; at += idsPerQuery) {
    const some = kept.slice(at, at + idsPerQuery)
    const ids = JSON.stringify(some.map(({ id }) => id))
    const query = `query { transactions(ids: ${ids}, first: ${idsPerQuery}) {
      edges { node { id tags { name value } } } } }`
    const reply = await fetch(`${url}/graphql`, { method: 'POST', body: JSON.stringify({ query }) })
    const { data } = (await reply.json()) as {
      data: { transactions: { edges: { node: { id: string; tags: unknown } }[] } }
    }
    const found = new Map(data.transactions.edges.map(({ node }) => [node.id, node.tags]))
    for (const { id, kind } of some) {
      const tags = JSON.stringify([{ name: 'Kind', value: kind }])
      if (JSON.stringify(found.get(id)) !== tags) lost.push(`${kind} ${id}`)
    }
  }
  return lost
}

/** What of these does not come back as it was posted. */
async function notWhole(url: string, kept: readonly Kept[]): Promise<string[]> {
  const lost: string[] = []
  const left = [...kept]
  const reader = async () => {
    for (let one = left.pop(); one !== undefined; one = left.pop()) {
      const reply = await fetch(`${url}/raw/${one.id}`)
      const bytes = new Uint8Array(await reply.arrayBuffer())
      const isWhole = reply.ok && sha256Of(bytes) === one.sha256
      if (!isWhole) lost.push(`${one.kind} ${one.id}: ${reply.status}`)
    }
  }
  await Promise.all([reader(), reader(), reader(), reader()])
  return lost
}

it.skipIf(rounds === 0)(
  `kill -9 in the midst of mixed uploads, ${rounds} times: what was acknowledged is there, whole and indexed`,
  {
    timeout: 1_800_000,
  },
  async () => {
    const node = await openKillable()
    const kept: Kept[] = []
    let stopping = false
    /** What is written while others are read would be read in the next round, and that never ends. */
    let isChecking = false
    const writers = kinds.map(async (kind) => {
      while (!stopping) {
        if (!isChecking) kept.push(...(await ways[kind](node.url)))
        // One kind must not take all the time of the others.
        await sleep(20)
      }
    })
    // A writer that is refused ends the test at once.
    const load = Promise.all(writers)
    let seen = 0
    for (let round = 0; round < rounds; round++) {
      await Promise.race([sleep(50 + chance() * 1500), load])
      await node.killAndRestart()
      isChecking = true
      const recent = kept.slice(seen)
      seen += recent.length
      expect(await notWhole(node.url, recent), `round ${round}`).toEqual([])
      expect(await notIndexed(node.url, recent), `round ${round}`).toEqual([])
      process.stderr.write(`kill ${round + 1} of ${rounds}: ${seen} acknowledged are there\n`)
      isChecking = false
    }
    stopping = true
    await load
    expect(new Set(kept.map(({ kind }) => kind))).toEqual(new Set(kinds))
    await node.killAndRestart()
    expect(await notWhole(node.url, kept)).toEqual([])
    expect(await notIndexed(node.url, kept)).toEqual([])
    const counts = Object.groupBy(kept, ({ kind }) => kind)
    const told = Object.entries(counts).map(([kind, of]) => `${of?.length} ${kind}`)
    process.stderr.write(
      `${rounds} kills, ${kept.length} acknowledged, 0 lost: ${told.join(', ')}\n`,
    )
  },
)
