import { decodeText, encodeText } from '@heddle/protocol/base'
import { portableCrypto } from '@heddle/protocol/crypto'
import { createItem, type ItemDraft, type Signer, verifyItem } from '@heddle/protocol/item'
import { describe, expect, it } from 'vitest'
import { createClient } from './client.ts'
import { healthyNode } from './fake-node.testing.ts'
import { createSignedItem, type ItemSigner } from './item-signer.ts'
import { signItem } from './post.ts'
import { generateWallet, walletSigner } from './signers.ts'

const own = walletSigner(generateWallet())

/** A wallet that lays out items itself; `alter` is what it changes before it signs. */
function walletOf(
  alter: (draft: ItemDraft) => ItemDraft = (draft) => draft,
  signedBy: Signer = own,
): ItemSigner {
  return {
    ...own,
    sign: () => Promise.reject(new Error('signs whole items only')),
    signItem: async (draft) => (await createItem(alter(draft), signedBy, portableCrypto)).bytes,
  }
}

const draft: ItemDraft = {
  data: encodeText('hello'),
  target: 'A'.repeat(43),
  tags: [{ name: 'Quantity', value: '1.5' }],
}

describe('a wallet that signs whole items', () => {
  it('signs what it is asked for, with an anchor it can take as text', async () => {
    const item = await signItem(walletOf(), draft)
    expect(await verifyItem(item, portableCrypto)).toBe(true)
    expect(item.tags).toEqual(draft.tags)
    expect(decodeText(item.anchor)).toMatch(/^[0-9a-f]{32}$/)
    expect((await createSignedItem({ data: draft.data }, walletOf())).data).toEqual(draft.data)
  })

  it.each<readonly [string, (draft: ItemDraft) => ItemDraft]>([
    ['tags', (asked) => ({ ...asked, tags: [{ name: 'Quantity', value: '1' }] })],
    ['tags', (asked) => ({ ...asked, tags: [...(asked.tags ?? []), { name: 'A', value: 'b' }] })],
    ['data', (asked) => ({ ...asked, data: encodeText('bye') })],
    ['target', (asked) => ({ ...asked, target: `${'A'.repeat(42)}E` })],
    ['anchor', ({ anchor: _dropped, ...asked }) => asked],
  ])('is refused where it signs other %s', async (what, alter) => {
    const refusal = { code: 'item-altered', details: { what } }
    await expect(signItem(walletOf(alter), draft)).rejects.toMatchObject(refusal)
  })

  it('gets a file as one item', async () => {
    const node = healthyNode(({ path }) => (path === '/v1/tx' ? {} : undefined))
    const client = createClient({ url: 'http://node', fetch: node.fetch, signer: walletOf() })
    const id = await client.upload({ data: new Blob(['hello']) })
    const [item] = node.items('/v1/tx')
    expect(item).toMatchObject({ id, data: draft.data })
  })

  it('is refused as another account, and with a signature that does not hold', async () => {
    const other = walletSigner(generateWallet())
    const refusal = (what: string) => ({ code: 'item-altered', details: { what } })
    const asOther = signItem(walletOf(undefined, other), draft)
    await expect(asOther).rejects.toMatchObject(refusal('account'))
    const forged = { ...own, sign: () => new Uint8Array(64) }
    const unsigned = signItem(walletOf(undefined, forged), draft)
    await expect(unsigned).rejects.toMatchObject(refusal('signature'))
  })
})
