import { encodeBase64Url, encodeText } from '@heddle/protocol/base'
import { portableCrypto } from '@heddle/protocol/crypto'
import { createItem, type Item } from '@heddle/protocol/item'
import { expect, it } from 'vitest'
import { createClient } from './client.ts'
import { createFakeNode } from './fake-node.testing.ts'
import { fetchProvenance } from './provenance.ts'
import { generateWallet, walletSigner } from './signers.ts'

const signer = walletSigner(generateWallet())

async function made(data: string, tags: Record<string, string>): Promise<Item> {
  const list = Object.entries(tags).map(([name, value]) => ({ name, value }))
  return createItem({ data: encodeText(data), tags: list }, signer, portableCrypto)
}

it('takes no node’s word for an item, its signer, or a link', async () => {
  const dataset = await made('d', { Type: 'Dataset', Name: 'ours' })
  const stranger = await made('s', { Type: 'Dataset' })
  const digest = encodeBase64Url(portableCrypto.sha256(encodeText('r')))
  const receipt = await made('r', { Type: 'Receipt', 'Receipt-Digest': digest })
  const lie = await made('other', { Type: 'Receipt', 'Receipt-Digest': digest })
  const model = await made('m', {
    Type: 'Model',
    'Derived-From': dataset.id,
    Receipt: digest,
    'Pushed-For': stranger.id,
  })
  const kept = [dataset, stranger, receipt, lie, model]
  const told = (item: Item) => ({ id: item.id, state: 'verified', signer: 'liar', name: 'theirs' })
  const link = (ground: Item, relation: string) => ({
    child: model.id,
    ground: ground.id,
    relation,
  })
  const answer = {
    id: model.id,
    items: [...kept.map(told), { id: 'A'.repeat(43), state: 'verified' }],
    links: [
      link(dataset, 'derived'),
      link(receipt, 'receipt'),
      link(stranger, 'cause'),
      link(stranger, 'derived'),
      link(dataset, 'sender'),
      { child: dataset.id, ground: model.id, relation: 'derived' },
    ],
    cut: false,
  }
  const node = createFakeNode(({ path }) => {
    if (path.startsWith('/provenance/')) return answer
    const item = kept.find(({ id }) => path === `/item/${id}`)
    return item === undefined
      ? Response.json({ error: 'unknown', code: 'unknown-item' }, { status: 404 })
      : new Response(new Uint8Array(item.bytes))
  })
  const client = createClient({ url: 'http://node', fetch: node.fetch })
  const { items, links } = await fetchProvenance(client, model.id)
  const owner = encodeBase64Url(portableCrypto.sha256(dataset.owner))
  expect(items[0]).toEqual({
    id: dataset.id,
    state: 'verified',
    signer: owner,
    kind: 'Dataset',
    name: 'ours',
  })
  expect(items.map(({ state }) => state)).toEqual([
    ...['verified', 'verified', 'verified', 'forged', 'verified', 'missing'],
  ])
  expect(links.map(({ state }) => state)).toEqual([
    ...['verified', 'verified', 'verified', 'forged', 'forged', 'forged'],
  ])
})
