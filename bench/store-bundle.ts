import { availableParallelism } from 'node:os'
import { createRuntime, ed25519Signer, nodeCrypto } from '@heddle/node/runtime'
import { bundleItems, bundleTags, createItem, type Item, type Tag } from '@heddle/protocol/item'
import { createClient } from '@heddle/sdk'
import { postAll } from './load.ts'
import { quantile, report } from './report.ts'

const rounds = 3
const { clock, random } = createRuntime()
const signer = ed25519Signer(random.bytes(32))

/** A signed bundle of `count` items with so much data each; `tagsOf` says what item i is tagged with. */
export async function makeBundle(
  count: number,
  dataBytes: number,
  tagsOf: (i: number) => readonly Tag[],
): Promise<Item> {
  const items: Item[] = []
  for (let i = 0; i < count; i++) {
    items.push(
      await createItem({ data: random.bytes(dataBytes), tags: tagsOf(i) }, signer, nodeCrypto),
    )
  }
  return createItem({ data: bundleItems(items), tags: bundleTags }, signer, nodeCrypto)
}

/** Posts it and waits until all of its items can be found: verified, durable and indexed. */
export async function postBundle(url: string, bundle: Item, count: number): Promise<void> {
  await postAll(`${url}/v1/tx`, [bundle.bytes], 1)
  const { transport } = createClient({ url })
  const query = `query { transactions(bundledIn: ["${bundle.id}"], first: 1) { count } }`
  const body = JSON.stringify({ query })
  const answer = await transport.post('/graphql', body, 'application/json')
  const { data } = answer.json() as { data: { transactions: { count: number } } }
  if (data.transactions.count !== count) {
    throw new Error(`${data.transactions.count} of ${count} items were found`)
  }
}

/** Ed25519 checks a second on one core. */
async function verifyLimit(): Promise<number> {
  const message = random.bytes(48)
  const signature = await signer.sign(message)
  const count = 2000
  const startMs = clock.elapsedMs()
  for (let i = 0; i < count; i++) await nodeCrypto.verifyEd25519(signer.owner, message, signature)
  return (1000 * count) / (clock.elapsedMs() - startMs)
}

/** One bundle, from the first byte sent to the last item found. */
export async function measureBundle(url: string, count: number): Promise<void> {
  const tagsOf = (i: number) => [
    { name: 'Content-Type', value: 'application/octet-stream' },
    { name: 'N', value: String(i) },
  ]
  const seen: number[] = []
  for (let round = 0; round < rounds; round++) {
    const bundle = await makeBundle(count, 1024, tagsOf)
    const startMs = clock.elapsedMs()
    await postBundle(url, bundle, count)
    seen.push((1000 * count) / (clock.elapsedMs() - startMs))
  }
  const limit = (await verifyLimit()) * availableParallelism()
  report({
    bench: 'store',
    metric: 'bundle-items',
    value: quantile(seen, 0.5),
    unit: 'items/s',
    note:
      `one bundle of ${count} items of 1 KB, ed25519; limit: ${limit.toFixed(0)} signature ` +
      `checks/s on all ${availableParallelism()} cores with nothing else to do`,
  })
}
