import { readFileSync } from 'node:fs'
import { decodeText, encodeText } from '@heddle/protocol/base'
import { portableCrypto } from '@heddle/protocol/crypto'
import { createItem, ownerAddress, tagValues } from '@heddle/protocol/item'
import { describe, expect, it } from 'vitest'
import { readSources } from '../../../scripts/source.ts'
import { createClient } from './client.ts'
import { emptyResult, healthyNode, nodeStatus } from './fake-node.testing.ts'
import * as browserEntry from './index.ts'
import * as nodeEntry from './node/index.ts'
import { generateWallet, walletSigner } from './signers.ts'

const signer = walletSigner(generateWallet())
const url = 'http://node'

describe('spawn', () => {
  it('takes module, scheduler and authority from the node', async () => {
    const node = healthyNode()
    const client = createClient({ url, signer, fetch: node.fetch })
    const handle = await client.spawn({ source: 'let n = 0', tags: { Name: 'counter' } })
    const [item] = node.items('/mu/')
    expect(handle.id).toBe(item?.id)
    expect(decodeText(item?.data ?? new Uint8Array())).toBe('let n = 0')
    expect(Object.fromEntries(item?.tags.map(({ name, value }) => [name, value]) ?? [])).toEqual({
      Name: 'counter',
      'Data-Protocol': 'ao',
      Variant: 'ao.TN.1',
      Type: 'Process',
      Module: nodeStatus.modules.js,
      Scheduler: nodeStatus.address,
      Authority: nodeStatus.address,
    })
  })

  it('takes what it is told before that; trust stays where module and scheduler are told', async () => {
    const node = healthyNode()
    const client = createClient({ url, signer, fetch: node.fetch })
    await client.spawn({ module: 'm', scheduler: 's' })
    await client.spawn({ tags: { Authority: 'mine' } })
    const [told, own] = node.items('/mu/').map(({ tags }) => tags)
    expect(tagValues(told ?? [], 'Module')).toEqual(['m'])
    expect(tagValues(told ?? [], 'Scheduler')).toEqual(['s'])
    expect(tagValues(told ?? [], 'Authority')).toEqual([nodeStatus.address])
    expect(tagValues(own ?? [], 'Authority')).toEqual(['mine'])
  })

  it('tells a first evaluation that failed, with the process it left', async () => {
    const failed = { ...emptyResult, Error: 'SyntaxError: no' }
    const node = healthyNode(({ path }) => (path.startsWith('/cu/result/') ? failed : undefined))
    const spawning = createClient({ url, signer, fetch: node.fetch }).spawn({ source: '(' })
    const error = await spawning.catch((caught) => caught)
    const processId = node.items('/mu/')[0]?.id
    expect(error).toMatchObject({ code: 'spawn-failed', details: { processId } })
    expect(error.message).toContain('SyntaxError: no')
  })

  it('refuses a path for a source, and a missing signer, before anything is sent', async () => {
    const node = healthyNode()
    const client = createClient({ url, signer, fetch: node.fetch })
    for (const source of ['counter.ts', './actors/counter.js', 'C:\\x\\y.mts', 'blueprint.lua']) {
      await expect(client.spawn({ source })).rejects.toMatchObject({ code: 'source-is-path' })
    }
    const unsigned = createClient({ url, fetch: node.fetch }).spawn({ source: 'x' })
    await expect(unsigned).rejects.toMatchObject({ code: 'signer-missing' })
    expect(node.requests).toEqual([])
    await client.spawn({ source: 'let a = b.js' })
  })
})

describe('upload', () => {
  it('of equal data is one item; nothing is added to it', async () => {
    const node = healthyNode(({ path }) => (path === '/v1/tx' ? { id: 'x' } : undefined))
    const client = createClient({ url, signer, fetch: node.fetch })
    const tags = { 'Content-Type': 'text/plain' }
    const first = await client.upload({ data: 'é', tags })
    const second = await client.upload({ data: encodeText('é'), tags })
    expect(second).toBe(first)
    const [item] = node.items('/v1/tx')
    expect([item?.id, item?.tags.length, item?.anchor.length]).toEqual([first, 1, 0])
  })

  it('needs a signer', async () => {
    const uploading = createClient({ url, fetch: healthyNode().fetch }).upload({ data: 'x' })
    await expect(uploading).rejects.toMatchObject({ code: 'signer-missing' })
  })
})

describe('item', async () => {
  const item = await createItem({ data: encodeText('true') }, signer, portableCrypto)
  const other = await createItem({ data: encodeText('other') }, signer, portableCrypto)
  const forged = item.bytes.slice()
  forged.set(encodeText('fake'), forged.length - 4)
  const clientOf = (bytes: Uint8Array) => {
    const answer = () => new Response(new Uint8Array(bytes))
    const { fetch } = healthyNode(({ path }) =>
      path === `/item/${item.id}` ? answer() : undefined,
    )
    return createClient({ url, fetch })
  }

  it('is given when its signature holds', async () => {
    expect(decodeText((await clientOf(item.bytes).item(item.id)).data)).toBe('true')
  })

  it.each([
    ['with other data under the same signature', forged],
    ['that is another one', other.bytes],
    ['cut short', item.bytes.subarray(0, 50)],
    ['of nothing', new Uint8Array(0)],
  ])('%s is not believed', async (_what, bytes) => {
    const asking = clientOf(bytes).item(item.id)
    await expect(asking).rejects.toMatchObject({ code: 'item-forged' })
  })

  it('that is not there is the node’s refusal; what is no id is not asked for', async () => {
    await expect(clientOf(item.bytes).item(other.id)).rejects.toMatchObject({ kind: 'missing' })
    await expect(clientOf(item.bytes).item('x')).rejects.toMatchObject({ code: 'id-invalid' })
  })
})

describe('status', () => {
  it('is the node’s', async () => {
    expect(await createClient({ url, fetch: healthyNode().fetch }).status()).toEqual(nodeStatus)
  })

  it.each([[{}], [{ address: 'x' }], [{ address: 'x', modules: {} }]])(
    '%j is no node’s',
    async (body) => {
      const { fetch } = healthyNode(() => body)
      const asking = createClient({ url, fetch }).status()
      await expect(asking).rejects.toMatchObject({ code: 'answer-unexpected' })
    },
  )
})

describe('a client', () => {
  it('knows its signer’s address', () => {
    const { fetch } = healthyNode()
    expect(createClient({ url, signer, fetch }).address).toBe(ownerAddress(signer, portableCrypto))
    expect(createClient({ url, fetch }).address).toBeUndefined()
  })
})

describe('the entries', () => {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

  it('for browsers reach nothing of Node', () => {
    const sources = new Map(readSources().map((source) => [source.path, source]))
    const reached = new Set<string>()
    const visit = (path: string) => {
      const source = sources.get(path)
      if (source === undefined || reached.has(path)) return
      reached.add(path)
      for (const { file } of source.imports) visit(file)
    }
    visit(`packages/sdk/${manifest.exports['.'].default.slice(2)}`)
    expect(reached.size).toBeGreaterThan(20)
    const texts = [...reached].map((path) => sources.get(path)?.text ?? '')
    expect(texts.filter((text) => /['"]node:/.test(text))).toEqual([])
  })

  it('for Node have all of it and files besides', async () => {
    const names = Object.keys(browserEntry)
    expect(Object.keys(nodeEntry)).toEqual(expect.arrayContaining(names))
    expect(names).not.toContain('walletFromFile')
    expect(await import('@heddle/sdk')).toBe(nodeEntry)
  })
})
