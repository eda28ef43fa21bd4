import { encodeBase64Url } from '@heddle/protocol/base'
import { ownerAddress, parseItem, type Tag, tagValue, verifyItem } from '@heddle/protocol/item'
import { afterEach, describe, expect, it } from 'vitest'
import { createRuntime, nodeCrypto } from '../runtime/index.ts'
import { fakeFetch } from './testing/fake-network.ts'
import { arrived, FakeNode, itemOf, signerOf, tags } from './testing/fake-node.ts'
import { type Run, startMessenger, until } from './testing/run-messenger.ts'

const engine = nodeCrypto
const runtime = createRuntime()
const user = signerOf(200)
const runs: Run[] = []

afterEach(async () => {
  for (const run of runs.splice(0)) await run.close()
})

async function start(...given: Parameters<typeof startMessenger>): Promise<Run> {
  const run = await startMessenger(...given)
  runs.push(run)
  return run
}

const silent = () => ({})
const idOf = (fill: number) => encodeBase64Url(new Uint8Array(32).fill(fill))

/** Emits `result` for each message that carries `Go`, nothing otherwise. */
function onGo(result: (go: string) => object) {
  return (entry: { message: { tags: readonly Tag[] } | undefined }) => {
    const go = tagValue(entry.message?.tags ?? [], 'Go')
    return go === undefined ? {} : result(go)
  }
}

describe('posting', () => {
  it('gives a posted item its slot, and the same answer to a repeat', async () => {
    const node = new FakeNode(1, 'a')
    const run = await start(node)
    const spawn = await itemOf(user, {
      tags: tags({ 'Data-Protocol': 'ao', Type: 'Process', Module: idOf(1), Scheduler: idOf(9) }),
    })
    for (let times = 0; times < 2; times++) {
      const reply = await run.request('POST', '/', spawn.bytes)
      expect(reply).toEqual({
        status: 202,
        body: { message: 'Processing DataItem', id: spawn.id, processId: spawn.id },
      })
    }
    const message = await itemOf(user, {
      target: spawn.id,
      tags: tags({ 'Data-Protocol': 'ao', Type: 'Message' }),
    })
    for (let times = 0; times < 2; times++) {
      const reply = await run.request('POST', '/', message.bytes)
      expect(reply).toEqual({
        status: 202,
        body: { message: 'Processing DataItem', id: message.id },
      })
    }
    expect(node.logs.get(spawn.id)).toHaveLength(2)
  })

  it('refuses what is no item, not signed right, of no type, or for nobody', async () => {
    const node = new FakeNode(1, 'a')
    const run = await start(node, { options: { itemBytesMax: 5000 } })
    const ao = { 'Data-Protocol': 'ao', Type: 'Message' }
    const good = await itemOf(user, { target: idOf(3), tags: tags(ao) })
    const forged = good.bytes.slice()
    forged[forged.length - 1] = 65
    const untyped = await itemOf(user, { target: idOf(3), tags: tags({ 'Data-Protocol': 'ao' }) })
    const foreign = await itemOf(user, { target: idOf(3), tags: tags({ Type: 'Message' }) })
    const bare = await itemOf(user, { tags: tags(ao) })
    const large = await itemOf(user, {
      target: idOf(3),
      data: new Uint8Array(5000),
      tags: tags(ao),
    })
    const refusals: [Uint8Array, number, string][] = [
      [new Uint8Array(0), 400, 'post-invalid'],
      [good.bytes.slice(0, 50), 400, 'item-truncated'],
      [forged, 400, 'signature-invalid'],
      [untyped.bytes, 400, 'post-invalid'],
      [foreign.bytes, 400, 'post-invalid'],
      [bare.bytes, 400, 'post-invalid'],
      [large.bytes, 400, 'item-over-limit'],
      [good.bytes, 404, 'unknown-process'],
    ]
    for (const [bytes, status, code] of refusals) {
      const reply = await run.request('POST', '/', bytes)
      expect(reply).toMatchObject({ status, body: { code } })
    }
    expect(node.logs.size).toBe(0)
  })

  it('assigns by id, once, and asks for both parameters', async () => {
    const node = new FakeNode(1, 'a')
    const process = await node.spawn(user, silent)
    const other = await node.spawn(user, silent)
    const message = await node.send(user, other)
    const run = await start(node)
    const url = `/?process-id=${process}&assign=${message.id}&exclude=Data,Tags`
    for (let times = 0; times < 2; times++) {
      const reply = await run.request('POST', url)
      expect(reply).toMatchObject({ status: 202, body: { message: 'Processing Assignment' } })
    }
    expect(node.logs.get(process)).toHaveLength(2)
    expect(await run.request('POST', `/?process-id=${process}`)).toMatchObject({ status: 400 })
    expect(await run.request('POST', `/?process-id=x&assign=y`)).toMatchObject({ status: 400 })
  })

  it('assigns a process to the target of its item', async () => {
    const node = new FakeNode(1, 'a')
    const parent = await node.spawn(user, silent)
    const run = await start(node)
    const spawn = await itemOf(user, {
      target: parent,
      tags: tags({ 'Data-Protocol': 'ao', Type: 'Process', Module: idOf(1), Scheduler: idOf(9) }),
    })
    expect(await run.request('POST', '/', spawn.bytes)).toMatchObject({ status: 202 })
    await until(() => node.logs.get(parent)?.length === 2)
    expect(node.logs.get(parent)?.[1]?.assignment.messageId).toBe(spawn.id)
  })

  it('answers 429 to a caller that posts too fast, but not to this machine', async () => {
    const node = new FakeNode(1, 'a')
    const clock = { ...runtime.clock, elapsedMs: () => 0 }
    const deps = { runtime: { ...runtime, clock } }
    const run = await start(node, { deps, options: { postsPerMinute: 2 } })
    const statusOf = async (peer: string) =>
      (await run.request('POST', '/', undefined, peer)).status
    expect([await statusOf('10.0.0.1'), await statusOf('10.0.0.1')]).toEqual([400, 400])
    const refused = await run.request('POST', '/', undefined, '10.0.0.1')
    expect(refused).toMatchObject({ status: 429, headers: { 'retry-after': '30' } })
    expect(await statusOf('10.0.0.2')).toBe(400)
    for (let times = 0; times < 5; times++) expect(await statusOf('::ffff:127.0.0.1')).toBe(400)
  })

  it('answers 503 while too many posts are under way, and after close', async () => {
    const node = new FakeNode(1, 'a')
    const process = await node.spawn(user, silent)
    const run = await start(node, { options: { postsInFlightMax: 1 } })
    const message = await itemOf(user, {
      target: process,
      tags: tags({ 'Data-Protocol': 'ao', Type: 'Message' }),
    })
    const first = run.request('POST', '/', message.bytes)
    expect(await run.request('POST', '/', message.bytes)).toMatchObject({ status: 503 })
    expect(await first).toMatchObject({ status: 202 })
    await run.close()
    expect(await run.request('POST', '/', message.bytes)).toMatchObject({ status: 503 })
  })
})

describe('pushing', () => {
  it('builds a message from what a process wrote, and signs it', async () => {
    const node = new FakeNode(1, 'a')
    const receiver = await node.spawn(user, silent)
    const sender = await node.spawn(
      user,
      onGo(() => ({
        Messages: [
          {
            Target: receiver,
            Anchor: '00000000000000000000000000000007',
            Data: 'hallo',
            Tags: [
              ...tags({ Action: 'Inc', Variant: 'ao.N.1', Reference: '7' }),
              // None of these may be a guest's word.
              ...tags({ Type: 'Process', type: 'Process', 'From-Process': receiver }),
              ...tags({ 'Delivery-Id': 'x', 'Cron-Tick': '1-second', 'Cron-Time': '1' }),
              ...tags({ 'Pushed-For': 'x', 'From-Module': 'x', 'Data-Protocol': 'zz' }),
            ],
          },
        ],
      })),
    )
    await start(node)
    const go = await node.send(user, sender, { Go: '1' })
    await until(() => node.logs.get(receiver)?.length === 2)
    const item = node.logs.get(receiver)?.[1]?.message
    if (item === undefined) throw new Error('no message')
    expect(item.tags).toEqual(
      tags({
        Action: 'Inc',
        Variant: 'ao.N.1',
        Reference: '7',
        'Data-Protocol': 'ao',
        Type: 'Message',
        'From-Process': sender,
        'From-Module': node.address,
        'Pushed-For': go.id,
        'Delivery-Id': `${sender}/0/1/0`,
      }),
    )
    expect(new TextDecoder().decode(item.anchor)).toBe('00000000000000000000000000000007')
    expect(new TextDecoder().decode(item.data)).toBe('hallo')
    expect(ownerAddress(item, engine)).toBe(node.address)
    expect(await verifyItem(parseItem(item.bytes, engine), engine)).toBe(true)
  })

  it('passes Pushed-For along a chain', async () => {
    const node = new FakeNode(1, 'a')
    const last = await node.spawn(user, silent)
    const relay = (target: string) => (entry: { assignment: { slot: number } }) =>
      entry.assignment.slot === 0 ? {} : { Messages: [{ Target: target, Anchor: '', Tags: [] }] }
    const middle = await node.spawn(user, relay(last))
    const first = await node.spawn(user, relay(middle))
    await start(node)
    const go = await node.send(user, first)
    await until(() => node.logs.get(last)?.length === 2)
    const item = node.logs.get(last)?.[1]?.message
    expect(tagValue(item?.tags ?? [], 'Pushed-For')).toBe(go.id)
    expect(tagValue(item?.tags ?? [], 'From-Process')).toBe(middle)
  })

  it('spawns once, and answers Spawned once with the tags of the spawn', async () => {
    const node = new FakeNode(1, 'a')
    const parent = await node.spawn(
      user,
      onGo(() => ({
        Spawns: [{ Anchor: '1', Tags: tags({ Module: idOf(5), Reference: '3', Action: 'x' }) }],
      })),
    )
    const run = await start(node)
    await node.send(user, parent, { Go: '1' })
    await until(() => node.logs.get(parent)?.length === 3)
    const reply = node.logs.get(parent)?.[2]?.message
    const child = tagValue(reply?.tags ?? [], 'Process') ?? ''
    expect(reply?.tags.slice(0, 2)).toEqual(tags({ Module: idOf(5), Reference: '3' }))
    expect(tagValue(reply?.tags ?? [], 'Action')).toBe('Spawned')
    expect(tagValue(reply?.tags ?? [], 'From-Process')).toBe(parent)
    expect(tagValue(reply?.tags ?? [], 'Delivery-Id')).toBe(`${parent}/0/1/0/spawned`)
    const spawned = node.logs.get(child)?.[0]?.message
    expect(tagValue(spawned?.tags ?? [], 'Scheduler')).toBe(node.address)
    expect(tagValue(spawned?.tags ?? [], 'Variant')).toBe('ao.TN.1')
    expect(node.logs.size).toBe(2)
    await until(async () => {
      const { body } = await run.request('GET', `/outbox?process-id=${parent}`)
      return (body as { pending: number }).pending === 0
    })
  })

  it('assigns what a result and an Assignments tag ask for', async () => {
    const node = new FakeNode(1, 'a')
    const third = await node.spawn(user, silent)
    const second = await node.spawn(user, silent)
    const existing = await node.send(user, second)
    const sender = await node.spawn(
      user,
      onGo(() => ({
        Messages: [
          {
            Target: second,
            Anchor: '',
            Tags: [{ name: 'Assignments', value: JSON.stringify([third]) }],
          },
        ],
        Assignments: [{ Processes: [third], Message: existing.id }],
      })),
    )
    await start(node)
    await node.send(user, sender, { Go: '1' })
    await until(() => node.logs.get(third)?.length === 3)
    const pushed = node.logs.get(second)?.[2]?.message
    expect(pushed && tagValue(pushed.tags, 'Assignments')).toBeUndefined()
    const assigned = node.logs
      .get(third)
      ?.slice(1)
      .map((entry) => entry.assignment.messageId)
    expect(new Set(assigned)).toEqual(new Set([existing.id, pushed?.id]))
  })

  it('keeps what goes to a wallet as an item', async () => {
    const node = new FakeNode(1, 'a')
    const sender = await node.spawn(
      user,
      onGo(() => ({ Messages: [{ Target: idOf(77), Anchor: '', Tags: [] }] })),
    )
    const run = await start(node)
    await node.send(user, sender, { Go: '1' })
    await until(() => node.kept.length === 1)
    const { body } = await run.request('GET', `/outbox?process-id=${sender}&state=kept`)
    expect(body).toMatchObject({ pending: 0, entries: [{ target: idOf(77), state: 'kept' }] })
  })

  it('keeps trying for a receiver that has written as a process, however unknown it is', async () => {
    const node = new FakeNode(1, 'a')
    const writer = idOf(78)
    const sender = await node.spawn(
      user,
      onGo(() => ({ Messages: [{ Target: writer, Anchor: '', Tags: [] }] })),
    )
    const run = await start(node)
    await node.send(user, sender, { Go: '1', 'From-Process': writer })
    const read = async () => (await run.request('GET', `/outbox?process-id=${sender}`)).body
    await until(async () => JSON.stringify(await read()).includes(writer))
    expect(await read()).toMatchObject({ entries: [{ target: writer, state: 'pending' }] })
    expect(node.kept).toEqual([])
  })

  it('shows what can never be sent as dead letters, with the reason, and goes on', async () => {
    const node = new FakeNode(1, 'a')
    const receiver = await node.spawn(user, silent)
    const sender = await node.spawn(
      user,
      onGo(() => ({
        Messages: [
          { Target: '0x1234', Anchor: '', Tags: [] },
          { Target: receiver, Anchor: '', Tags: [{ name: 'N', value: 7 }] },
          { Target: receiver, Anchor: '', Tags: tags({ Long: 'x'.repeat(3500) }) },
          'not even an object',
          { Target: receiver, Anchor: '', Tags: [] },
        ],
        Assignments: [{ Processes: ['nobody'], Message: idOf(1) }, { Message: 'x' }],
      })),
    )
    const run = await start(node)
    await node.send(user, sender, { Go: '1' })
    await until(() => node.logs.get(receiver)?.length === 2)
    await until(async () => {
      const { body } = await run.request('GET', `/outbox?process-id=${sender}&state=dead`)
      return (body as { entries: unknown[] }).entries.length === 6
    })
    const { body } = await run.request('GET', `/outbox?process-id=${sender}&state=dead`)
    const { entries } = body as { entries: { index: number; lastError: string }[] }
    expect(entries.map((entry) => entry.index)).toEqual([0, 1, 2, 3, 5, 6])
    for (const entry of entries) expect(entry.lastError).not.toBe('')
    expect(entries[1]?.lastError).toContain('tag N')
    expect(arrived(node, receiver)).toEqual([`${sender}/0/1/4`])
  })

  it('lists delivered letters from the results themselves', async () => {
    const node = new FakeNode(1, 'a')
    const receiver = await node.spawn(user, silent)
    const sender = await node.spawn(
      user,
      onGo(() => ({ Messages: [{ Target: receiver, Anchor: '', Tags: [] }] })),
    )
    const run = await start(node)
    for (let times = 0; times < 3; times++) await node.send(user, sender, { Go: '1' })
    await until(() => node.logs.get(receiver)?.length === 4)
    const url = `/outbox?process-id=${sender}&state=delivered&limit=2`
    await until(async () => {
      const { body } = await run.request('GET', url)
      return (body as { throughSlot: number }).throughSlot === 4
    })
    const { body } = await run.request('GET', url)
    const { entries } = body as { entries: { deliveryId: string }[] }
    expect(entries.map((entry) => entry.deliveryId)).toEqual([`${sender}/0/3/0`, `${sender}/0/2/0`])
    for (const bad of ['?state=odd', '?limit=0', '?process-id=x', '?state=delivered']) {
      expect(await run.request('GET', `/outbox${bad}`)).toMatchObject({ status: 400 })
    }
  })

  it('retries dead letters when the owner says so, and nobody else', async () => {
    const node = new FakeNode(1, 'a')
    const receiver = await node.spawn(user, silent)
    const sender = await node.spawn(
      user,
      onGo(() => {
        const message = { Target: receiver, Anchor: '', Tags: [] }
        return { Messages: [message, message] }
      }),
    )
    let isDown = true
    node.fault = (call) => (isDown && call === 'schedule' ? 'before' : undefined)
    const run = await start(node, { options: { giveUpAfterMs: 0, attemptsMin: 2 } })
    const go = await node.send(user, sender, { Go: '1' })
    const dead = async () => {
      const { body } = await run.request('GET', `/outbox?process-id=${sender}&state=dead`)
      return body as { entries: { attempts: number; lastError: string }[] }
    }
    await until(async () => (await dead()).entries.length === 2)
    expect((await dead()).entries[0]).toMatchObject({
      attempts: 2,
      lastError: 'schedule fails on purpose',
    })
    isDown = false
    const stranger = await itemOf(signerOf(9), { target: sender })
    expect(await run.request('POST', '/outbox/retry', stranger.bytes)).toMatchObject({
      status: 403,
    })
    const owner = await itemOf(user, { target: sender, tags: tags({ 'Delivery-Id': 'other' }) })
    expect(await run.request('POST', '/outbox/retry', owner.bytes)).toMatchObject({
      body: { retried: 0 },
    })
    const name = `${sender}/0/1/1`
    const named = await itemOf(user, { target: sender, tags: tags({ 'Delivery-Id': name }) })
    expect(await run.request('POST', '/outbox/retry', named.bytes)).toMatchObject({
      body: { retried: 1 },
    })
    const all = await itemOf(user, { target: sender })
    expect(await run.request('POST', '/outbox/retry', all.bytes)).toMatchObject({
      status: 200,
      body: { retried: 1 },
    })
    await until(() => arrived(node, receiver).length === 2)
    expect((await dead()).entries).toEqual([])
    // A push by hand of what went through changes nothing.
    const url = `/push/${go.id}/0?process-id=${sender}`
    expect(await run.request('POST', url)).toMatchObject({ status: 202 })
    expect(await run.request('POST', `/push/${go.id}/2?process-id=${sender}`)).toMatchObject({
      status: 404,
    })
    await until(async () => {
      const { body } = await run.request('GET', `/outbox?process-id=${sender}`)
      return (body as { pending: number }).pending === 0
    })
    expect(arrived(node, receiver)).toHaveLength(2)
  })
})

describe('limits', () => {
  const toMany = (target: () => string, count: number) => () => ({
    Messages: Array.from({ length: count }, () => ({ Target: target(), Anchor: '', Tags: [] })),
  })

  it('of memory: a slot that emits more than fits is delivered whole and in order', async () => {
    const node = new FakeNode(1, 'a')
    const receiver = await node.spawn(user, silent)
    const sender = await node.spawn(user, onGo(toMany(() => receiver, 60)))
    await start(node, { options: { freshMax: 2 } })
    await node.send(user, sender, { Go: '1' })
    await node.send(user, sender, { Go: '1' })
    await until(() => arrived(node, receiver).length === 120)
    const expected = [1, 2].flatMap((slot) =>
      Array.from({ length: 60 }, (_, index) => `${sender}/0/${slot}/${index}`),
    )
    expect(arrived(node, receiver)).toEqual(expected)
  })

  it('of the disk: reading pauses, posts get 503, and all arrives once the way is free', async () => {
    const a = new FakeNode(1, 'a')
    const b = new FakeNode(2, 'b')
    const receiver = await b.spawn(user, silent)
    const sender = await a.spawn(user, onGo(toMany(() => receiver, 5)))
    let isDown = true
    const fetch = fakeFetch([a, b], () => (isDown ? 'before' : undefined))
    const run = await start(a, { peers: [b], fetch, options: { pendingMax: 8, freshMax: 1 } })
    for (let times = 0; times < 6; times++) await a.send(user, sender, { Go: '1' })
    const message = await itemOf(user, {
      target: sender,
      tags: tags({ 'Data-Protocol': 'ao', Type: 'Message' }),
    })
    const post = () => run.request('POST', '/', message.bytes)
    await until(async () => (await post()).status === 503)
    expect(await post()).toMatchObject({ status: 503, body: { code: 'messenger-busy' } })
    const { body } = await run.request('GET', `/outbox?process-id=${sender}`)
    const { pending, throughSlot } = body as { pending: number; throughSlot: number }
    expect(pending).toBeLessThan(20)
    expect(throughSlot).toBeLessThan(7)
    isDown = false
    await until(() => arrived(b, receiver).length === 30)
    expect(await post()).toMatchObject({ status: 202 })
    expect(new Set(arrived(b, receiver)).size).toBe(30)
  })

  it('of calls: a neighbour that hangs holds up nothing between processes here', async () => {
    const a = new FakeNode(1, 'a')
    const b = new FakeNode(2, 'b')
    const receiver = await a.spawn(user, silent)
    const sender = await a.spawn(
      user,
      onGo((go) => ({ Messages: [{ Target: go === 'here' ? receiver : idOf(50), Anchor: '' }] })),
    )
    let ended = 0
    const fetch: typeof globalThis.fetch = (_url, init) =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => {
          ended++
          reject(init.signal?.reason)
        })
        called++
      })
    let called = 0
    const options = { parallelRemote: 1, requestTimeoutMs: 60_000, closeGraceMs: 60_000 }
    const run = await start(a, { peers: [b], fetch, options })
    await a.send(user, sender, { Go: 'there' })
    await a.send(user, sender, { Go: 'here' })
    await until(() => arrived(a, receiver).length === 1)
    await until(() => called > 0)
    // Does not wait for the neighbour: the grace is longer than this test may take.
    await run.close()
    expect(ended).toBe(called)
  })
})

describe('two nodes', () => {
  it('lets processes of two schedulers talk', async () => {
    const a = new FakeNode(1, 'a')
    const b = new FakeNode(2, 'b')
    const fetch = fakeFetch([a, b])
    let pong = ''
    const ping = await a.spawn(user, (entry) =>
      entry.assignment.slot === 0 || entry.assignment.slot > 10
        ? {}
        : { Messages: [{ Target: pong, Anchor: '', Tags: [] }] },
    )
    pong = await b.spawn(user, (entry) =>
      entry.assignment.slot === 0 ? {} : { Messages: [{ Target: ping, Anchor: '', Tags: [] }] },
    )
    await start(a, { peers: [b], fetch })
    await start(b, { peers: [a], fetch })
    await a.send(user, ping)
    await until(() => a.logs.get(ping)?.length === 12)
    expect(arrived(b, pong)).toEqual(Array.from({ length: 10 }, (_, at) => `${ping}/0/${at + 1}/0`))
  })

  it('forwards a posted message and assignment to the process’s own scheduler', async () => {
    const a = new FakeNode(1, 'a')
    const b = new FakeNode(2, 'b')
    const process = await b.spawn(user, silent)
    const other = await b.spawn(user, silent)
    const known = await b.send(user, other)
    const run = await start(a, { peers: [b], fetch: fakeFetch([a, b]) })
    const message = await itemOf(user, {
      target: process,
      tags: tags({ 'Data-Protocol': 'ao', Type: 'Message' }),
    })
    expect(await run.request('POST', '/', message.bytes)).toMatchObject({ status: 202 })
    // A repeat is a success there too.
    expect(await run.request('POST', '/', message.bytes)).toMatchObject({ status: 202 })
    const url = `/?process-id=${process}&assign=${known.id}`
    expect(await run.request('POST', url)).toMatchObject({ status: 202 })
    expect(b.logs.get(process)).toHaveLength(3)
  })

  it('finds a scheduler by its announcement and sends spawns there', async () => {
    const a = new FakeNode(1, 'a')
    const b = new FakeNode(2, 'b')
    b.announcements.push(
      await itemOf(b.signer, {
        tags: tags({
          'Data-Protocol': 'ao',
          Type: 'Scheduler-Location',
          Url: 'http://b/su',
          'Time-To-Live': '60000',
        }),
      }),
    )
    const run = await start(a, { peers: [b], fetch: fakeFetch([a, b]) })
    const spawn = await itemOf(user, {
      tags: tags({ 'Data-Protocol': 'ao', Type: 'Process', Module: idOf(1), Scheduler: b.address }),
    })
    expect(await run.request('POST', '/', spawn.bytes)).toMatchObject({ status: 202 })
    expect(b.logs.has(spawn.id)).toBe(true)
    expect(a.logs.has(spawn.id)).toBe(false)
    // A process of `a` may ask for the same.
    const parent = await a.spawn(
      user,
      onGo(() => ({
        Spawns: [{ Anchor: '', Tags: tags({ Module: idOf(1), Scheduler: b.address }) }],
      })),
    )
    await a.send(user, parent, { Go: '1' })
    await until(() => a.logs.get(parent)?.length === 3)
    const reply = a.logs.get(parent)?.[2]?.message
    expect(b.logs.has(tagValue(reply?.tags ?? [], 'Process') ?? '')).toBe(true)
  })

  it('takes nothing for a wallet while a peer cannot be asked', async () => {
    const a = new FakeNode(1, 'a')
    const b = new FakeNode(2, 'b')
    const receiver = await b.spawn(user, silent)
    const sender = await a.spawn(
      user,
      onGo(() => ({ Messages: [{ Target: receiver, Anchor: '', Tags: [] }] })),
    )
    let isDown = true
    const fetch = fakeFetch([a, b], () => (isDown ? 'before' : undefined))
    const run = await start(a, { peers: [b], fetch })
    await a.send(user, sender, { Go: '1' })
    const message = await itemOf(user, {
      target: receiver,
      tags: tags({ 'Data-Protocol': 'ao', Type: 'Message' }),
    })
    expect(await run.request('POST', '/', message.bytes)).toMatchObject({
      status: 503,
      body: { code: 'peers-silent' },
    })
    await until(async () => {
      const { body } = await run.request('GET', `/outbox?process-id=${sender}&state=pending`)
      const [entry] = (body as { entries: { attempts?: number; lastError?: string }[] }).entries
      return (entry?.attempts ?? 0) > 2 && entry?.lastError?.includes('http://b') === true
    })
    expect(a.kept).toEqual([])
    isDown = false
    await until(() => arrived(b, receiver).length === 1)
    expect(a.kept).toEqual([])
  })

  it('follows redirects up to a bound', async () => {
    const a = new FakeNode(1, 'a')
    const b = new FakeNode(2, 'b')
    const process = await b.spawn(user, silent)
    const direct = fakeFetch([a, b])
    let hops = 3
    const fetch: typeof globalThis.fetch = async (input, init) => {
      const url = new URL(String(input))
      if (init?.method === 'POST' && url.pathname === '/su/' && hops-- > 0) {
        return new Response(null, { status: 307, headers: { location: url.href } })
      }
      return direct(input, init)
    }
    const run = await start(a, { peers: [b], fetch, options: { redirectsMax: 3 } })
    const message = await itemOf(user, {
      target: process,
      tags: tags({ 'Data-Protocol': 'ao', Type: 'Message' }),
    })
    expect(await run.request('POST', '/', message.bytes)).toMatchObject({ status: 202 })
    hops = 4
    expect(await run.request('POST', '/', message.bytes)).toMatchObject({
      status: 503,
      body: { code: 'node-unreachable' },
    })
  })
})
