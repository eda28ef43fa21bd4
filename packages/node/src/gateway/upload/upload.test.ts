import {
  decodeBase64Url,
  encodeBase64Url,
  encodeText,
  equalBytes,
  HeddleError,
} from '@heddle/protocol/base'
import { deepHash } from '@heddle/protocol/crypto'
import { keeperStakeDraft } from '@heddle/protocol/registry'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nodeCrypto } from '../../runtime/index.ts'
import {
  alice,
  bob,
  eventually,
  makeItem,
  nodeSigner,
  type Rig,
  startRig,
} from '../fixtures/gateway.ts'
import { serve } from '../fixtures/http.ts'
import type { CopyPlacer, PromisedItem } from '../ports.ts'

/** Keeps no copies: notes what it was asked for, or refuses. */
class NotedCopies implements CopyPlacer {
  readonly placed: PromisedItem[] = []
  /** `check`: nobody fits; `keep`: those that fit do not promise. */
  refuses: 'check' | 'keep' | undefined = 'check'
  async check(): Promise<void> {
    if (this.refuses === 'check') throw new HeddleError('copies-unfit', 'invalid', 'nobody fits.')
  }
  async keep(item: PromisedItem, keep: () => Promise<void>): Promise<void> {
    if (this.refuses !== undefined) {
      throw new HeddleError('copies-short', 'unavailable', 'nobody promised.')
    }
    this.placed.push(item)
    await keep()
  }
  isPromised = (id: string) => this.placed.some((one) => one.id === id)
}

const copies = new NotedCopies()
let rig: Rig
let server: Awaited<ReturnType<typeof serve>>

beforeAll(async () => {
  const limits = { recordBytes: 100_000, uploads: 3, uploadBytes: 2_000_000 }
  rig = await startRig({ ...limits, winstonPerMebibyte: 1000 }, { copies })
  server = await serve(rig.gateway.routes())
})
afterAll(async () => {
  expect(server.faults).toEqual([])
  await server.close()
  await rig.stop()
})

type Receipt = {
  id: string
  version: string
  deadlineHeight: number
  timestamp: number
  signature: string
  public: string
}

async function call(method: string, path: string, body?: Uint8Array) {
  const sent = body === undefined ? {} : { body: new Uint8Array(body) }
  const reply = await fetch(`${server.url}${path}`, { method, ...sent })
  return { status: reply.status, json: await reply.json() }
}

function holds({ id, version, deadlineHeight, timestamp, signature, public: key }: Receipt) {
  const parts = ['Bundlr', version, id, String(deadlineHeight), String(timestamp)].map(encodeText)
  const [owner, signed] = [key, signature].map((text) => decodeBase64Url(text) ?? new Uint8Array())
  if (owner === undefined || signed === undefined) return false
  expect(owner).toEqual(nodeSigner.owner)
  return nodeCrypto.verifyEd25519(owner, deepHash(parts, nodeCrypto), signed)
}

test('a receipt is signed by the node, over what it says', async () => {
  const item = await makeItem('receipt')
  const { json } = await call('POST', '/v1/tx/ethereum', item.bytes)
  expect(json).toMatchObject({ id: item.id, dataCaches: ['node.test:4000'], winc: '0' })
  expect(holds(json)).toBe(true)
  expect(holds({ ...json, timestamp: json.timestamp + 1 })).toBe(false)
})

test.each(['/v1/chunks/arweave', '/v1/chunks'])(
  'parts at %s, in any order and at a time, become an item',
  async (at) => {
    const item = await makeItem(encodeText(at.repeat(60_000)).subarray(0, 500_000))
    const begun = await call('GET', `${at}/-1/-1?chunkSize=100000`)
    expect(begun.json).toMatchObject({ chunkSize: 100_000 })
    const path = `${at}/${begun.json.id}`
    const offsets = [400_000, 0, 300_000, 500_000, 100_000]
    const send = (offset: number) =>
      call('POST', `${path}/${offset}`, item.bytes.subarray(offset, offset + 100_000))
    await Promise.all(offsets.map(send))
    expect((await call('GET', `${path}/status`)).json).toEqual({ status: 'ASSEMBLING' })
    const early = await call('POST', `${path}/finalize`)
    expect(early.json).toMatchObject({ code: 'upload-incomplete' })
    await send(200_000)
    const [one, two] = await Promise.all([
      call('POST', `${path}/finalize`),
      call('POST', `${path}/finalize`),
    ])
    expect(one.json).toMatchObject({ id: item.id })
    expect(two.json).toEqual(one.json)
    expect(holds(one.json)).toBe(true)
    const status = await call('GET', `${path}/status`)
    expect(status.json).toMatchObject({ status: 'FINALIZED', receipt: { id: item.id } })
    expect((await rig.gateway.item(item.id))?.bytes).toEqual(item.bytes)
  },
)

test('an upload goes on after a restart of the node: its parts are there, and how it ended', async () => {
  const own = await startRig({ recordBytes: 100_000 })
  let site = await serve(own.gateway.routes())
  const post = async (path: string, body?: Uint8Array) => {
    const sent = body === undefined ? {} : { body: new Uint8Array(body) }
    return (await fetch(`${site.url}/v1/chunks/${path}`, { method: 'POST', ...sent })).json()
  }
  const get = async (path: string) => (await fetch(`${site.url}/v1/chunks/${path}`)).json()
  const restart = async () => {
    await site.close()
    await own.restart()
    site = await serve(own.gateway.routes())
  }
  // Longer than what is read ahead of it: memory is used again.
  const item = await makeItem(encodeText('again'.repeat(500_000)))
  const bad = Uint8Array.from(item.bytes)
  bad[200_000] = 1
  const [{ id }, wrong] = [await get('-1/-1'), await get('-1/-1')]
  await Promise.all([
    post(`${id}/200000`, item.bytes.subarray(200_000)),
    post(`${id}/0`, item.bytes.subarray(0, 100_000)),
    post(`${wrong.id}/0`, bad),
  ])
  await restart()
  expect(await get(`${id}/status`)).toEqual({ status: 'ASSEMBLING' })
  expect(await post(`${id}/finalize`)).toMatchObject({ code: 'upload-incomplete' })
  await post(`${id}/100000`, item.bytes.subarray(100_000, 200_000))
  await restart()
  const receipt = await post(`${id}/finalize`)
  expect(receipt).toMatchObject({ id: item.id })
  expect(await post(`${wrong.id}/finalize`)).toMatchObject({ code: 'item-signature-wrong' })
  await restart()
  expect(await post(`${id}/finalize`)).toEqual(receipt)
  expect(await get(`${wrong.id}/status`)).toMatchObject({ status: 'INVALID' })
  const held = await own.gateway.item(item.id)
  expect(equalBytes(held?.bytes ?? new Uint8Array(0), item.bytes)).toBe(true)
  expect(site.faults).toEqual([])
  await site.close()
  await own.stop()
})

test('parts that were sent anew count, also where what they replace was taken already', async () => {
  const item = await makeItem(encodeText('anew'.repeat(200_000)))
  const wrong = Uint8Array.from(item.bytes)
  wrong[50_000] = 1
  const { id } = (await call('GET', '/v1/chunks/-1/-1')).json
  const send = (bytes: Uint8Array, from: number, to?: number) =>
    call('POST', `/v1/chunks/${id}/${from}`, bytes.subarray(from, to))
  // Longer than a record, so that it is taken while the rest is still to come.
  await send(wrong, 0, 300_000)
  await send(wrong, 300_000, 600_000)
  await send(item.bytes, 0, 100_000)
  await send(item.bytes, 600_000)
  const { json } = await call('POST', `/v1/chunks/${id}/finalize`)
  expect(json).toMatchObject({ id: item.id })
  const held = await rig.gateway.item(item.id)
  expect(equalBytes(held?.bytes ?? new Uint8Array(0), item.bytes)).toBe(true)
})

test('parts that are one record together are not mixed up while they are read', async () => {
  const own = await startRig()
  const site = await serve(own.gateway.routes())
  // No two of its MiB are alike, and it is more than is read ahead of it.
  const item = await makeItem(new Uint8Array(4_500_000).map((_, at) => at % 251))
  const { id } = await (await fetch(`${site.url}/v1/chunks/-1/-1`)).json()
  const post = async (path: string, body?: Uint8Array) => {
    const sent = body === undefined ? {} : { body: new Uint8Array(body) }
    return (await fetch(`${site.url}/v1/chunks/${id}/${path}`, { method: 'POST', ...sent })).json()
  }
  await post('0', item.bytes)
  expect(await post('finalize')).toMatchObject({ id: item.id })
  expect(
    equalBytes((await own.gateway.item(item.id))?.bytes ?? new Uint8Array(0), item.bytes),
  ).toBe(true)
  await site.close()
  await own.stop()
})

test('where no more is gathered in memory, items go to the store as they come', async () => {
  const own = await startRig({ gatheredBytes: 1 })
  const site = await serve(own.gateway.routes())
  const post = (path: string, body: Uint8Array | string) =>
    fetch(site.url + path, {
      method: 'POST',
      body: typeof body === 'string' ? body : new Uint8Array(body),
    })
  const item = await makeItem(new Uint8Array(2_000_000).map((_, at) => at % 241))
  expect((await post('/v1/tx', item.bytes)).status).toBe(200)
  const held = await (await fetch(`${site.url}/${item.id}`)).arrayBuffer()
  expect(equalBytes(new Uint8Array(held), item.data)).toBe(true)
  expect(own.store.holders.has(item.id)).toBe(true)
  // JSON is read as a whole or not at all; what is small is always taken.
  const busy = await post('/tx', JSON.stringify({ data: 'x'.repeat(2_000_000) }))
  expect([busy.status, (await busy.json()).code]).toEqual([503, 'items-busy'])
  expect((await post('/v1/tx', (await makeItem('small')).bytes)).status).toBe(200)
  await site.close()
  await own.stop()
})

test('what was put together and is no signed item is refused for good', async () => {
  const item = await makeItem(new Uint8Array(200_000))
  const bytes = Uint8Array.from(item.bytes)
  bytes[150_000] = 1
  const { id } = (await call('GET', '/v1/chunks/arweave/-1/-1')).json
  await call('POST', `/v1/chunks/arweave/${id}/0`, bytes)
  const end = await call('POST', `/v1/chunks/arweave/${id}/finalize`)
  expect([end.status, end.json.code]).toEqual([400, 'item-signature-wrong'])
  const again = await call('POST', `/v1/chunks/arweave/${id}/finalize`)
  expect([again.status, again.json.code]).toEqual([400, 'upload-refused'])
  expect((await call('GET', `/v1/chunks/arweave/${id}/status`)).json.status).toBe('INVALID')
})

test('an upload that asks for more than anybody can promise is refused', async () => {
  const asked = [
    ['Retain-Copies', '3', 'copies-unfit'],
    ['Retain-Placement', 'region:eu', 'copies-unfit'],
    ['Retain-Minimum-Stake', '1', 'copies-unfit'],
    ['Retain-Copies', 'many', 'retention-invalid'],
  ] as const
  for (const [name, value, code] of asked) {
    for (const bytes of [10, 150_000]) {
      const item = await makeItem(new Uint8Array(bytes), { [name]: value })
      const { status, json } = await call('POST', '/v1/tx', item.bytes)
      expect([status, json.code]).toEqual([400, code])
    }
  }
  const kept = await makeItem('one copy', { 'Retain-Copies': '1', 'Retain-Until': '1' })
  expect((await call('POST', '/v1/tx', kept.bytes)).status).toBe(200)
})

test('uploads are bounded in number and size, and unknown ones refused', async () => {
  const begun = []
  for (let n = 0; n < 3; n++) begun.push((await call('GET', '/v1/chunks/arweave/-1/-1')).json.id)
  expect((await call('GET', '/v1/chunks/arweave/-1/-1')).json.code).toBe('uploads-busy')
  const beyond = await call('POST', `/v1/chunks/arweave/${begun[0]}/1999999`, new Uint8Array(2))
  expect(beyond.json.code).toBe('upload-too-large')
  expect((await call('POST', '/v1/chunks/arweave/nobody/0', new Uint8Array(1))).status).toBe(404)
  expect((await call('GET', '/v1/chunks/arweave/-1/-1?chunkSize=0')).status).toBe(400)
})

test('an item larger than is taken is refused while it comes', async () => {
  const item = await makeItem(new Uint8Array(2_100_000))
  const { status, json } = await call('POST', '/v1/tx', item.bytes)
  expect([status, json.code]).toEqual([400, 'upload-too-large'])
})

test('what an upload costs, and how it went', async () => {
  expect((await call('GET', '/v1/price/bytes/1000')).json).toMatchObject({ winc: '0' })
  expect((await call('GET', '/v1/account/balance/arweave')).json).toMatchObject({ winc: '0' })
  expect((await call('GET', '/v1/info')).json).toMatchObject({ freeUploadLimitBytes: 2_000_000 })
  const item = await makeItem('status')
  expect((await call('GET', `/v1/tx/${item.id}/status`)).status).toBe(404)
  await call('POST', '/v1/tx', item.bytes)
  const { json } = await call('GET', `/v1/tx/${item.id}/status`)
  expect(['CONFIRMED', 'FINALIZED']).toContain(json.status)
  expect((await call('GET', `/v1/tx/${item.id}/offsets`)).json).toMatchObject({
    rawContentLength: item.bytes.length,
    payloadDataStart: item.bytes.length - item.data.length,
  })
})

async function post(body: Uint8Array): Promise<number> {
  return (await call('POST', '/v1/tx', body)).status
}

test.each([20, 190_000])(
  'an item of %s bytes is kept after its copies, all of it in the store',
  async (bytes) => {
    const item = await makeItem(new Uint8Array(bytes).fill(3), { 'Retain-Copies': '3' })
    copies.refuses = undefined
    copies.placed.length = 0
    expect(await post(item.bytes)).toBe(200)
    const [promised] = copies.placed
    expect(promised).toMatchObject({ id: item.id, retention: { copies: 3 } })
    expect(promised?.header.length).toBe(item.bytes.length - bytes)
    expect(await rig.store.held(promised?.data ?? { dataRoot: '', sizeBytes: 0 })).toMatchObject({
      complete: true,
    })
    expect(rig.store.holders.get(item.id)).toMatchObject({ copies: 3 })
    expect((await rig.gateway.item(item.id))?.bytes).toEqual(item.bytes)
  },
)

test.each([21, 190_001])(
  'an item of %s bytes whose copies are refused is not kept',
  async (bytes) => {
    copies.refuses = 'keep'
    const item = await makeItem(new Uint8Array(bytes).fill(4), { 'Retain-Copies': '3' })
    expect(await post(item.bytes)).toBe(503)
    expect(await rig.gateway.isKept(item.id)).toBe(false)
    // Held until long ago: the collector takes it.
    expect(rig.store.holders.get(item.id)).toMatchObject({ untilMs: 0 })
  },
)

test('a copy is an item of its own where it is kept, its signature checked', async () => {
  copies.placed.length = 0
  const item = await makeItem('kept for another', { 'Retain-Copies': '3' })
  const { data } = item
  async function* bytes() {
    yield data
  }
  const { sha384, ...stored } = await rig.store.write(bytes())
  const header = item.bytes.slice(0, item.bytes.length - data.length)
  const copy = { id: item.id, header, data: stored, sha384 }
  const forged = { ...copy, sha384: new Uint8Array(48) }
  await expect(rig.gateway.keepCopy(forged)).rejects.toMatchObject({ code: 'item-signature-wrong' })
  expect(await rig.gateway.isKept(item.id)).toBe(false)
  await rig.gateway.keepCopy(copy)
  expect((await rig.gateway.item(item.id))?.bytes).toEqual(item.bytes)
  // Whoever keeps it for another has no copies of it placed.
  expect(copies.placed).toEqual([])
})

test('a stake is what the authority said last, in a block', async () => {
  const address = (of: typeof alice) => encodeBase64Url(nodeCrypto.sha256(of.owner))
  const keeper = 'A'.repeat(43)
  const give = async (stake: bigint, signer: typeof alice) => {
    const { tags = [] } = keeperStakeDraft(keeper, stake)
    expect(await post((await makeItem('', tags, { signer })).bytes)).toBe(200)
  }
  const stakeIs = (stake: bigint) =>
    eventually(async () => (await rig.gateway.keeperStake(address(alice), keeper)) === stake)
  expect(await rig.gateway.keeperStake(address(alice), keeper)).toBe(0n)
  await give(99n, bob)
  await give(5n, alice)
  await stakeIs(5n)
  await give(3n, alice)
  await stakeIs(3n)
})

test('a price counts copies', async () => {
  const price = async (query: string) => (await fetch(`${server.url}/price/1048576${query}`)).text()
  expect([await price(''), await price('?copies=3')]).toEqual(['1000', '3000'])
  expect(JSON.parse(await price('?copies=none')).code).toBe('retention-invalid')
})
