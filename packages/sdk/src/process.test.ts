import { decodeText, encodeBase64Url } from '@heddle/protocol/base'
import { portableCrypto } from '@heddle/protocol/crypto'
import { ownerAddress, tagValue, verifyItem } from '@heddle/protocol/item'
import { describe, expect, it } from 'vitest'
import { createClient } from './client.ts'
import { emptyResult, healthyNode } from './fake-node.testing.ts'
import { generateWallet, walletSigner } from './signers.ts'

const signer = walletSigner(generateWallet())
const address = ownerAddress(signer, portableCrypto)
const id = `${'p'.repeat(42)}A`
const url = 'http://node'
const text = (bytes: Uint8Array) => decodeText(bytes)

function processAt({ fetch }: ReturnType<typeof healthyNode>) {
  return createClient({ url, signer, fetch }).process(id)
}

const pending = () =>
  Response.json({ error: 'not yet', code: 'evaluation-pending' }, { status: 503 })

describe('send', () => {
  it('signs an AO message for the process, and waits for its result', async () => {
    const node = healthyNode()
    const tags = { By: 2, Gone: undefined }
    const result = await processAt(node).send({ action: 'Inc', tags, data: 'x' })
    const [item] = node.items('/mu/')
    expect(result).toMatchObject({ id: item?.id, slot: 7, messages: [] })
    if (item === undefined) throw new Error('nothing was posted')
    expect(await verifyItem(item, portableCrypto)).toBe(true)
    expect(encodeBase64Url(item.target)).toBe(id)
    expect(item.tags.map(({ name, value }) => `${name}=${value}`)).toEqual([
      'Action=Inc',
      'By=2',
      'Data-Protocol=ao',
      'Variant=ao.TN.1',
      'Type=Message',
    ])
    expect(text(item.data)).toBe('x')
  })

  it('makes equal words two messages: anchors differ', async () => {
    const node = healthyNode()
    const process = processAt(node)
    const ids = [await process.post({ action: 'Inc' }), await process.post({ action: 'Inc' })]
    const items = node.items('/mu/')
    expect(new Set(ids).size).toBe(2)
    expect(new Set(items.map(({ anchor }) => text(anchor))).size).toBe(2)
    expect(items.map(({ anchor }) => anchor.length)).toEqual([32, 32])
  })

  it('keeps tags given as a list, in order and repeated', async () => {
    const node = healthyNode()
    const list = [
      { name: 'A', value: '2' },
      { name: 'A', value: '1' },
    ]
    await processAt(node).post({ tags: list })
    expect(node.items('/mu/')[0]?.tags.slice(0, 2)).toEqual(list)
  })

  it('posts the same bytes once more where the connection broke', async () => {
    let fails = 1
    const node = healthyNode()
    const fetch: typeof globalThis.fetch = async (...given) => {
      const response = await node.fetch(...given)
      if (given[1]?.method === 'POST' && fails-- > 0) throw new TypeError('fetch failed')
      return response
    }
    await createClient({ url, signer, fetch }).process(id).post({ action: 'Inc' })
    const posts = node.items('/mu/')
    expect(posts).toHaveLength(2)
    expect(posts[0]?.id).toBe(posts[1]?.id)
    fails = 2
    const failing = createClient({ url, signer, fetch }).process(id).post({})
    await expect(failing).rejects.toMatchObject({ code: 'node-unreachable' })
  })

  it('does not repeat what was refused', async () => {
    const refusal = () => Response.json({ error: 'no', code: 'item-refused' }, { status: 400 })
    const node = healthyNode(({ path }) => (path === '/mu/' ? refusal() : undefined))
    await expect(processAt(node).send({})).rejects.toMatchObject({ code: 'item-refused' })
    expect(node.requests).toHaveLength(1)
  })

  it('asks again while the result is pending, and tells the id if it gives up', async () => {
    let asks = 0
    const patient = healthyNode(({ path }) => {
      return path.startsWith('/cu/result/') && ++asks < 4 ? pending() : undefined
    })
    expect((await processAt(patient).send({})).slot).toBe(7)
    expect(asks).toBe(4)
    const stuck = healthyNode(({ path }) => (path.startsWith('/cu/') ? pending() : undefined))
    const error = await processAt(stuck)
      .send({})
      .catch((caught) => caught)
    const [item] = stuck.items('/mu/')
    expect(error).toMatchObject({ code: 'evaluation-pending', details: { itemId: item?.id } })
    expect(error.message).toContain(`${item?.id} is scheduled`)
  })

  it('gives an Error of the process back as a result', async () => {
    const failed = { ...emptyResult, Error: 'refused on purpose' }
    const node = healthyNode(({ path }) => (path.startsWith('/cu/') ? failed : undefined))
    const { error, slot } = await processAt(node).send({})
    expect(error).toBe('refused on purpose')
    expect(slot).toBeNaN()
  })

  it('needs a signer and says how to give one; aborts are passed on', async () => {
    const { fetch } = healthyNode()
    const unsigned = createClient({ url, fetch }).process(id)
    await expect(unsigned.send({})).rejects.toMatchObject({ code: 'signer-missing' })
    await expect(unsigned.monitor()).rejects.toMatchObject({ code: 'signer-missing' })
    const signal = AbortSignal.abort()
    await expect(processAt(healthyNode()).send({ signal })).rejects.toMatchObject({
      name: 'AbortError',
    })
  })
})

describe('read', () => {
  const readingNode = () =>
    healthyNode(({ path }) => (path.startsWith('/cu/dry-run') ? emptyResult : undefined))

  it('asks in the signer’s name, unsigned, or in the name told', async () => {
    const node = readingNode()
    const bytes = new TextEncoder().encode('é')
    await processAt(node).read({ action: 'Get', data: bytes })
    await processAt(node).read({ owner: 'somebody' })
    await createClient({ url, fetch: node.fetch }).process(id).read({})
    const bodies = node.requests.map(({ body }) => JSON.parse(text(body)))
    expect(bodies[0]).toMatchObject({ Owner: address, Target: id, Data: 'é' })
    expect(tagValue(bodies[0].Tags, 'Action')).toBe('Get')
    expect(bodies.map(({ Owner }) => Owner)).toEqual([address, 'somebody', '0'])
  })

  it('refuses bytes that JSON cannot hold, in place of losing them', async () => {
    const reading = processAt(readingNode()).read({ data: Uint8Array.of(0xff, 0xfe) })
    await expect(reading).rejects.toMatchObject({ code: 'data-not-text' })
  })
})

describe('results', () => {
  it('pages with what it is told, and knows slots', async () => {
    const cursor = btoa(JSON.stringify({ timestamp: 1, ordinate: '3', sort: 'DESC' }))
    const edges = [
      { node: { ...emptyResult, Output: 'a' }, cursor },
      { node: emptyResult, cursor: 'x' },
    ]
    const node = healthyNode(({ path }) => {
      const page = { edges, pageInfo: { hasNextPage: true } }
      return path.startsWith('/cu/results/') ? page : undefined
    })
    const page = await processAt(node).results({ limit: 2, sort: 'DESC', from: 'a+b=' })
    expect(node.requests[0]?.path).toBe(`/cu/results/${id}?limit=2&sort=DESC&from=a%2Bb%3D`)
    expect(page.hasNextPage).toBe(true)
    expect(page.results[0]).toMatchObject({ slot: 3, cursor, output: 'a' })
    expect(page.results[1]?.slot).toBeNaN()
  })

  it('of something else are refused', async () => {
    const node = healthyNode(({ path }) => (path.startsWith('/cu/results/') ? {} : undefined))
    await expect(processAt(node).results()).rejects.toMatchObject({ code: 'answer-unexpected' })
  })
})

describe('ids', () => {
  const client = createClient({ url, signer, fetch: healthyNode().fetch })

  it.each(['', 'nope', `${id}A`, '../su', `${'p'.repeat(42)}B`])('%j names no process', (wrong) => {
    expect(() => client.process(wrong)).toThrow(/is not the id of a process/)
  })

  it('name messages too', async () => {
    const asking = client.process(id).result('nope')
    await expect(asking).rejects.toMatchObject({ code: 'id-invalid' })
  })
})

describe('monitor', () => {
  it('is an order of the owner: an item for the process without a Type', async () => {
    const node = healthyNode(({ path }) =>
      path.startsWith('/mu/monitor/') ? new Response('Monitoring process') : undefined,
    )
    const process = processAt(node)
    await process.monitor()
    await process.unmonitor()
    expect(node.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      `POST /mu/monitor/${id}`,
      `DELETE /mu/monitor/${id}`,
    ])
    const [item] = node.items(`/mu/monitor/${id}`)
    expect(item?.tags).toEqual([])
    expect(encodeBase64Url(item?.target ?? new Uint8Array())).toBe(id)
  })
})
