import { encodeBase64Url, encodeText } from '@heddle/protocol/base'
import { createItem, type Item, parseItem, tagValue, verifyItem } from '@heddle/protocol/item'
import { expect, it } from 'vitest'
import { ed25519Signer, nodeCrypto } from '../runtime/index.ts'
import { provenanceLimits } from './options.ts'
import { traceItem } from './trace.ts'

const signerOf = (name: string) => ed25519Signer(nodeCrypto.sha256(encodeText(name)))

/** Items found by id and by tag, as the gateway finds them. */
function keepItems() {
  const all = new Map<string, Item>()
  const items = {
    item: async (id: string) => all.get(id),
    tagged: async (tags: Readonly<Record<string, string>>, limit: number) =>
      [...all.values()]
        .filter((item) =>
          Object.entries(tags).every(([name, value]) =>
            item.tags.some((tag) => tag.name === name && tag.value === value),
          ),
        )
        .slice(0, limit)
        .map(({ id }) => id),
  }
  const keep = async (who: string, tags: readonly (readonly [string, string])[], text = ' ') => {
    const list = tags.map(([name, value]) => ({ name, value }))
    const draft = { data: encodeText(text), tags: list }
    const item = await createItem(draft, signerOf(who), nodeCrypto)
    all.set(item.id, item)
    return item.id
  }
  const deps = {
    items,
    verify: (item: Item) => verifyItem(item, nodeCrypto),
    engine: nodeCrypto,
  }
  return { all, keep, deps }
}

/** Two people's data, a training run, a model, its process, an answer with a receipt, a decision, a transfer. */
async function keepStory() {
  const kept = keepItems()
  const { keep } = kept
  const part = await keep('ada', [['Type', 'Dataset-Part']], 'a')
  const other = await keep('bela', [['Type', 'Dataset-Part']], 'b')
  const dataset = await keep('ada', [
    ['Type', 'Dataset'],
    ['Derived-From', part],
    ['Derived-From', other],
  ])
  const run = await keep('carl', [
    ['Type', 'Training-Run'],
    ['Derived-From', dataset],
  ])
  const model = await keep('carl', [
    ['Type', 'Model'],
    ['Name', 'order-tools'],
    ['Derived-From', run],
  ])
  const process = await keep('dora', [
    ['Type', 'Process'],
    ['Module', model],
  ])
  const digest = encodeBase64Url(nodeCrypto.sha256(encodeText('receipt')))
  const receipt = await keep(
    'node',
    [
      ['Type', 'Receipt'],
      ['Receipt-Digest', digest],
      ['Derived-From', model],
    ],
    'receipt',
  )
  const answer = await keep('node', [
    ['Type', 'Message'],
    ['Action', 'Infer-Response'],
    ['From-Process', process],
    ['Receipt', digest],
  ])
  const decision = await keep('node', [
    ['Type', 'Message'],
    ['Action', 'Decision'],
    ['Rule', 'passed'],
    ['Derived-From', answer],
    ['Receipt', digest],
  ])
  const transfer = await keep('node', [
    ['Type', 'Message'],
    ['Action', 'Transfer'],
    ['Derived-From', decision],
  ])
  return {
    ...kept,
    ids: { part, other, dataset, run, model, process, receipt, answer, decision, transfer },
  }
}

const addressOf = (name: string) => encodeBase64Url(nodeCrypto.sha256(signerOf(name).owner))

it('goes from a transfer back to everybody whose data is in it', async () => {
  const { deps, ids } = await keepStory()
  const { items, links, cut } = await traceItem(deps, ids.transfer)
  expect(new Set(items.map(({ id }) => id))).toEqual(new Set(Object.values(ids)))
  expect(items.every(({ state }) => state === 'verified')).toBe(true)
  expect(cut).toBe(false)
  const contributors = items
    .filter(({ kind }) => kind === 'Dataset-Part')
    .map(({ signer }) => signer)
  expect(contributors.sort()).toEqual([addressOf('ada'), addressOf('bela')].sort())
  const relation = (child: string, ground: string) =>
    links.find((link) => link.child === child && link.ground === ground)?.relation
  expect(relation(ids.answer, ids.process)).toBe('sender')
  expect(relation(ids.process, ids.model)).toBe('code')
  expect(relation(ids.decision, ids.receipt)).toBe('receipt')
  expect(items.find(({ id }) => id === ids.decision)).toMatchObject({
    kind: 'Decision',
    rule: 'passed',
  })
})

it('goes from a contribution on to everything it came into', async () => {
  const { deps, ids } = await keepStory()
  const { items } = await traceItem(deps, ids.other)
  const kinds = items.map(({ kind }) => kind)
  for (const kind of [
    'Dataset',
    'Training-Run',
    'Model',
    'Process',
    'Receipt',
    'Decision',
    'Transfer',
  ]) {
    expect(kinds).toContain(kind)
  }
  expect(items.map(({ id }) => id)).not.toContain(ids.part)
})

it('shows a link to what is not there, and one to what another signed, and follows neither', async () => {
  const { deps, ids, all } = await keepStory()
  all.delete(ids.run)
  const gap = await traceItem(deps, ids.transfer)
  expect(gap.items.find(({ id }) => id === ids.run)).toEqual({ id: ids.run, state: 'missing' })
  expect(gap.items.some(({ id }) => id === ids.dataset)).toBe(false)

  const honest = all.get(ids.model)
  if (honest === undefined) throw new Error('no model')
  const bytes = honest.bytes.slice()
  const end = bytes.length - 1
  bytes[end] = (bytes[end] ?? 0) ^ 1
  all.set(ids.model, parseItem(bytes, nodeCrypto))
  const forged = await traceItem(deps, ids.transfer)
  expect(forged.items.find(({ id }) => id === ids.model)).toEqual({
    id: ids.model,
    state: 'forged',
  })
})

it('a receipt that is not what its tag says is forged, whoever signed it', async () => {
  const { deps, ids, keep, all } = await keepStory()
  const digest = tagValue(all.get(ids.receipt)?.tags ?? [], 'Receipt-Digest') ?? ''
  all.delete(ids.receipt)
  const other = await keep(
    'node',
    [
      ['Type', 'Receipt'],
      ['Receipt-Digest', digest],
    ],
    'something else',
  )
  const { items } = await traceItem(deps, ids.decision)
  expect(items.find(({ id }) => id === other)).toEqual({ id: other, state: 'forged' })
  // One that came first does not hide the one that holds.
  const honest = await keep(
    'node',
    [
      ['Type', 'Receipt'],
      ['Receipt-Digest', digest],
    ],
    'receipt',
  )
  const both = await traceItem(deps, ids.decision)
  expect(both.items.find(({ id }) => id === honest)).toMatchObject({ state: 'verified' })
  expect(both.links).toContainEqual({ child: ids.decision, ground: honest, relation: 'receipt' })
})

it('ends in circles, in words that are no ids, and at its limits', async () => {
  const { deps, keep } = keepItems()
  const odd = await keep('ada', [['Derived-From', 'nowhere']])
  expect((await traceItem(deps, odd)).items[1]).toEqual({ id: 'nowhere', state: 'missing' })
  const root = await keep('ada', [['Type', 'Dataset']], 'root')
  let last = root
  for (let i = 0; i <= provenanceLimits.depth; i++) {
    last = await keep(
      'ada',
      [
        ['Derived-From', last],
        ['Derived-From', root],
      ],
      String(i),
    )
  }
  const long = await traceItem(deps, last)
  expect(long.items.length).toBeLessThanOrEqual(provenanceLimits.depth + 2)
  await expect(traceItem(deps, 'x')).rejects.toMatchObject({ code: 'id-invalid' })
  const unknown = encodeBase64Url(new Uint8Array(32))
  await expect(traceItem(deps, unknown)).rejects.toMatchObject({ code: 'unknown-item' })
})
