import { createItem, ownerAddress, parseItem } from '@heddle/protocol/item'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../runtime/index.ts'
import {
  ask,
  messageItem,
  nodeSigner,
  openWorld,
  processItem,
  text,
  userSigner,
  type World,
} from './testing/fixture.ts'

const nodeAddress = ownerAddress({ owner: nodeSigner.owner }, nodeCrypto)
const userAddress = ownerAddress({ owner: userSigner.owner }, nodeCrypto)
const unhosted = `${'C'.repeat(42)}A`

let world: World
let processId: string
beforeEach(async () => {
  world = await openWorld({ pageEdgesMax: 5 })
  const item = await processItem()
  processId = item.id
  await ask(world.scheduler, 'POST', '/', item.bytes)
})
afterEach(() => world.close())

const get = (url: string) => ask(world.scheduler, 'GET', url)
const post = (url: string, body?: Uint8Array) => ask(world.scheduler, 'POST', url, body)

async function send(count: number): Promise<string[]> {
  const items = await Promise.all(Array.from({ length: count }, () => messageItem(processId)))
  for (const item of items) await world.scheduler.schedule(item)
  return items.map(({ id }) => id)
}

/** Slots a page shows, its cursors, and whether more follow. */
async function page(query: string) {
  const { body, status } = await get(`/${processId}?process-id=${processId}${query}`)
  expect(status).toBe(200)
  const { edges, page_info } = body as {
    edges: { cursor: string; node: { assignment: { tags: { name: string; value: string }[] } } }[]
    page_info: { has_next_page: boolean }
  }
  const slots = edges.map(({ node }) =>
    Number(node.assignment.tags.find(({ name }) => name === 'Nonce')?.value),
  )
  return { slots, cursors: edges.map(({ cursor }) => cursor), more: page_info.has_next_page }
}

describe('who and when', () => {
  test('GET / names the scheduler, with the time as text', async () => {
    const body = { timestamp: String(world.clock.nowMs), address: nodeAddress }
    expect(await get('/')).toEqual({ status: 200, body })
    expect(await get(`/?process-id=${processId}`)).toEqual({ status: 200, body })
  })

  test('GET /timestamp pads the height to 12 digits', async () => {
    const body = { timestamp: String(world.clock.nowMs), block_height: '000000000007' }
    expect(await get('/timestamp')).toEqual({ status: 200, body })
  })

  test('GET /health is empty', async () => {
    expect(await get('/health')).toEqual({ status: 200, body: '' })
  })
})

describe('POST /', () => {
  test('schedules an item', async () => {
    const item = await messageItem(processId)
    expect(await post('/', item.bytes)).toEqual({
      status: 200,
      headers: { process: processId, slot: '1', timestamp: String(world.clock.nowMs + 1) },
      body: { timestamp: world.clock.nowMs + 1, id: item.id },
    })
  })

  test('answers a repeat as upstream does, and names the first receipt', async () => {
    const item = await messageItem(processId)
    await post('/', item.bytes)
    const first = { id: item.id, processId, slot: 1, timestampMs: world.clock.nowMs + 1 }
    const body = { error: 'Message already exists', code: 'message-exists', first }
    expect(await post('/', item.bytes)).toEqual({ status: 400, body })
  })

  test('refuses a wrong signature, and bytes that are no item', async () => {
    const item = await messageItem(processId)
    const forged = item.bytes.slice()
    forged.set([1], forged.length - 1)
    expect(await post('/', forged)).toMatchObject({
      status: 400,
      body: { code: 'signature-invalid' },
    })
    expect(await post('/', text('nothing like it'))).toMatchObject({
      status: 400,
      body: { error: expect.any(String) },
    })
    expect(await post('/')).toMatchObject({ status: 400, body: { code: 'request-invalid' } })
    expect(world.scheduler.head(processId)).toBe(1)
  })

  test('404 for a process that is not here', async () => {
    const item = await messageItem(unhosted)
    expect(await post('/', item.bytes)).toMatchObject({
      status: 404,
      body: { error: expect.stringContaining(`unknown process ${unhosted}`) },
    })
  })

  test('503 while the disk is full', async () => {
    const item = await messageItem(processId)
    world.faults.failNextWrites = 2
    expect(await post('/', item.bytes)).toMatchObject({
      status: 503,
      body: { code: 'not-durable', error: expect.not.stringContaining(world.folder) },
    })
  })
})

describe('POST /?process-id&assign', () => {
  test('assigns and answers with the id of the assignment', async () => {
    const item = await messageItem(processId)
    world.items.set(item.id, item)
    const url = `/?process-id=${processId}&assign=${item.id}&exclude=Data,Tags`
    const { status, body } = await post(url)
    const [, entry] = await world.scheduler.entries(processId, 0, 2)
    const timestamp = world.clock.nowMs + 1
    expect({ status, body }).toEqual({
      status: 200,
      body: { timestamp, id: entry?.assignment.item.id },
    })
    expect(entry?.assignment.exclude).toEqual(['Data', 'Tags'])
    expect(await post(url)).toMatchObject({ status: 400, body: { code: 'message-exists' } })
    const read = await get(`/${item.id}?process-id=${processId}`)
    expect(read).toMatchObject({ status: 200, body: { message: null } })
  })

  test('asks the base layer where told to', async () => {
    const url = `/?process-id=${processId}&assign=${unhosted}`
    expect(await post(`${url}&base-layer`)).toMatchObject({
      status: 404,
      body: { code: 'base-layer-unsettled' },
    })
    world.baseLayer.settled.add(unhosted)
    expect(await post(url)).toMatchObject({ status: 404, body: { code: 'unknown-item' } })
    expect(await post(`${url}&base-layer`)).toMatchObject({ status: 200 })
  })

  test.each([
    ['/?assign=x', 'If sending assign or process-id, you must send both.'],
    ['/?process-id=x', 'If sending assign or process-id, you must send both.'],
    ['/?process-id=x&assign=y', 'process-id must be 32 bytes as base64url'],
  ])('%s is refused', async (url, error) => {
    expect(await post(url)).toMatchObject({ status: 400, body: { error } })
  })
})

describe('reading', () => {
  test('a message has the shape of upstream', async () => {
    const anchor = text(`${'0'.repeat(31)}1`)
    const tags = [{ name: 'Action', value: 'Inc' }]
    const item = await messageItem(processId, tags, userSigner, text('data'), anchor)
    await post('/', item.bytes)
    const { body } = await get(`/${item.id}?process-id=${processId}`)
    const [, entry] = await world.scheduler.entries(processId, 0, 2)
    const assignment = entry?.assignment.item
    const key = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('base64url')
    expect(body).toEqual({
      message: {
        id: item.id,
        owner: { address: userAddress, key: key(item.owner) },
        data: 'data',
        tags: item.tags,
        signature: key(item.signature),
        anchor: '00000000000000000000000000000001',
        target: processId,
      },
      assignment: {
        id: assignment?.id,
        owner: { address: nodeAddress, key: key(nodeSigner.owner) },
        tags: assignment?.tags,
        signature: key(assignment?.signature),
        anchor: null,
        target: null,
      },
    })
    expect(await get(`/${item.id}`)).toEqual({ status: 200, body })
    expect(await get(`/${assignment?.id}?process-id=${processId}`)).toEqual({ status: 200, body })
    expect(await get(`/${processId}/latest`)).toEqual({ status: 200, body })
  })

  test('binary data is null, a binary anchor only shown when asked for', async () => {
    const bytes = new Uint8Array(32).fill(0xff)
    const item = await messageItem(processId, [], userSigner, bytes, bytes)
    await post('/', item.bytes)
    const url = `/${item.id}?process-id=${processId}`
    expect(await get(url)).toMatchObject({ body: { message: { data: null, anchor: null } } })
    expect(await get(`${url}&show-anchor`)).toMatchObject({
      body: { message: { anchor: Buffer.from(bytes).toString('base64url') } },
    })
  })

  test('GET /processes/:id has the shape of upstream', async () => {
    const [entry] = await world.scheduler.entries(processId, 0, 1)
    const { body } = await get(`/processes/${processId}`)
    expect(body).toEqual({
      process_id: processId,
      block: '000000000007',
      owner: { address: userAddress, key: Buffer.from(userSigner.owner).toString('base64url') },
      tags: entry?.message?.tags,
      timestamp: world.clock.nowMs,
      data: 'boot',
      anchor: null,
      signature: Buffer.from(entry?.message?.signature ?? []).toString('base64url'),
      target: null,
    })
  })

  test.each([
    [`/${unhosted}`, 404],
    [`/${unhosted}?process-id=${unhosted}`, 404],
    [`/${unhosted}/latest`, 404],
    [`/processes/${unhosted}`, 404],
    ['/not-an-id', 400],
    ['/processes/not-an-id', 400],
    [`/${unhosted}?process-id=not-an-id`, 400],
  ])('%s is %i with an error', async (url, status) => {
    const reply = await get(url)
    expect(reply).toMatchObject({ status, body: { error: expect.any(String) } })
  })

  test('an id of another process is not found in this one', async () => {
    const other = await processItem()
    await world.scheduler.schedule(other)
    const [id] = await send(1)
    expect(await get(`/${id}?process-id=${other.id}`)).toMatchObject({
      status: 404,
      body: { code: 'unknown-message' },
    })
  })
})

describe('pages', () => {
  test('by time: from exclusive, to inclusive, the process as first edge', async () => {
    const firstMs = world.clock.nowMs
    await send(3)
    const all = await page('')
    expect(all).toEqual({
      slots: [0, 1, 2, 3],
      cursors: [0, 1, 2, 3].map((slot) => String(firstMs + slot)),
      more: false,
    })
    expect(await page(`&from=${firstMs}`)).toMatchObject({ slots: [1, 2, 3], more: false })
    expect(await page(`&to=${firstMs + 1}`)).toMatchObject({ slots: [0, 1], more: false })
    const part = await page(`&from=${firstMs}&to=${firstMs + 3}&limit=2`)
    expect(part).toMatchObject({ slots: [1, 2], more: true })
    expect(await page(`&from=${part.cursors.at(-1)}&to=${firstMs + 2}`)).toMatchObject({
      slots: [],
    })
    expect(await page(`&from=${firstMs + 900}`)).toMatchObject({ slots: [], more: false })
  })

  test('by slot, the cursor being the slot', async () => {
    await send(3)
    expect(await page('&from-nonce=-1')).toMatchObject({ slots: [0, 1, 2, 3], more: false })
    expect(await page('&from-nonce=1')).toEqual({ slots: [2, 3], cursors: ['2', '3'], more: false })
    expect(await page('&to-nonce=1')).toMatchObject({ slots: [0, 1], more: false })
    expect(await page('&from-nonce=0&to-nonce=3&limit=1')).toMatchObject({ slots: [1], more: true })
    expect(await page('&from-nonce=3')).toMatchObject({ slots: [], more: false })
    expect(await page('&from-nonce=2&to-nonce=0')).toMatchObject({ slots: [], more: false })
  })

  test('a full page that nothing follows says so; a limit above the most is cut', async () => {
    await send(4)
    expect(await page('&limit=5')).toMatchObject({ slots: [0, 1, 2, 3, 4], more: false })
    await send(1)
    expect(await page('&limit=1000')).toMatchObject({ slots: [0, 1, 2, 3, 4], more: true })
  })

  test('a page ends where its records are too many bytes, and says that more follow', async () => {
    await world.close()
    world = await openWorld({ pageBytes: 4000, recentBytes: 0 })
    const item = await processItem()
    processId = item.id
    await world.scheduler.schedule(item)
    for (let at = 0; at < 4; at++) {
      await world.scheduler.schedule(
        await messageItem(processId, [], userSigner, new Uint8Array(2000)),
      )
    }
    const first = await page('&from-nonce=0')
    expect(first.more).toBe(true)
    expect(first.slots[0]).toBe(1)
    const slots = [...first.slots]
    for (let more = true; more; ) {
      const next = await page(`&from-nonce=${slots.at(-1)}`)
      slots.push(...next.slots)
      more = next.more
    }
    expect(slots).toEqual([1, 2, 3, 4])
  })

  test.each(['&limit=0', '&limit=x', '&from=1e3', '&from-nonce=-2', '&to=99999999999999999999'])(
    '%s is refused',
    async (query) => {
      const reply = await get(`/${processId}?process-id=${processId}${query}`)
      expect(reply).toMatchObject({ status: 400, body: { code: 'request-invalid' } })
    },
  )
})

test('entries survive the round through the wire bytes', async () => {
  const item = await createItem(
    {
      data: text('x'),
      target: processId,
      tags: [
        { name: 'Data-Protocol', value: 'ao' },
        { name: 'Type', value: 'Message' },
      ],
    },
    userSigner,
    nodeCrypto,
  )
  await post('/', item.bytes)
  await world.restart()
  const [entry] = await world.scheduler.entries(processId, 1, 1)
  expect(parseItem(entry?.message?.bytes ?? new Uint8Array(0), nodeCrypto)).toEqual(item)
})
