import { createRuntime, ed25519Signer, nodeCrypto } from '@heddle/node/runtime'
import { encodeText } from '@heddle/protocol/base'
import { createItem, type Item, type Signer } from '@heddle/protocol/item'
import { createClient, type ProcessHandle } from '@heddle/sdk'
import { afterEach, describe, expect, it } from 'vitest'
import { chance, closeKillables, freePort, openKillable, sleep } from './killable-node.ts'

/** Kills in one run of the suite; `npm run soak` asks for fifty. */
const rounds = Number(process.env.HEDDLE_CRASH_ROUNDS ?? 5)
const { clock, random } = createRuntime()

afterEach(closeKillables)

const source = `
  on('Work', (msg) => { send({ target: msg.tags.Sink, action: 'Note', tags: { Work: msg.id } }) })`
const sinkSource = `
  const seen = {}
  on('Note', (msg) => { seen[msg.tags.Work] = (seen[msg.tags.Work] ?? 0) + 1 })
  on('Seen', (msg) => { msg.reply({ data: JSON.stringify(seen) }) })`

function workItem(signer: Signer, worker: string, sink: string, n: number): Promise<Item> {
  const tags = Object.entries({
    'Data-Protocol': 'ao',
    Type: 'Message',
    Variant: 'ao.TN.1',
    Action: 'Work',
    Sink: sink,
    N: String(n),
  }).map(([name, value]) => ({ name, value }))
  return createItem({ target: worker, tags, data: encodeText(' ') }, signer, nodeCrypto)
}

/** Posts one item until it is acknowledged; whatever happens to the node in between. */
async function postUntilAcknowledged(url: string, item: Item): Promise<void> {
  for (;;) {
    try {
      const body = Buffer.from(item.bytes)
      const reply = await fetch(`${url}/mu/`, {
        method: 'POST',
        body,
        signal: AbortSignal.timeout(10_000),
      })
      if (reply.ok) return
      if (reply.status < 500 && reply.status !== 429)
        throw new Error(`refused: ${await reply.text()}`)
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('refused')) throw error
    }
    await sleep(20)
  }
}

type Page = { page_info: { has_next_page: boolean }; edges: { node: SuNode; cursor: string }[] }
type SuNode = {
  message: { id: string } | null
  assignment: { tags: { name: string; value: string }[] }
}

async function readLog(url: string, processId: string): Promise<string[]> {
  const ids: string[] = []
  let from = '-1'
  for (;;) {
    const query = `process-id=${processId}&from-nonce=${from}&limit=500`
    const page = (await (await fetch(`${url}/su/${processId}?${query}`)).json()) as Page
    for (const { node, cursor } of page.edges) {
      ids.push(node.message?.id ?? '')
      from = cursor
    }
    if (!page.page_info.has_next_page || page.edges.length === 0) return ids
  }
}

describe(`kill -9, ${rounds} times`, () => {
  it('keeps every acknowledged message: one slot, one result, one push', {
    timeout: 900_000,
  }, async () => {
    const node = await openKillable()
    const signer = ed25519Signer(random.bytes(32))
    const client = createClient({ url: node.url, signer })
    const worker = (await client.spawn({ source })).id
    const sink = await client.spawn({ source: sinkSource })
    const acknowledged: string[] = []
    let stopping = false
    let n = 0
    const load = Array.from({ length: 8 }, async () => {
      while (!stopping) {
        const item = await workItem(signer, worker, sink.id, n++)
        await postUntilAcknowledged(node.url, item)
        acknowledged.push(item.id)
      }
    })
    for (let round = 0; round < rounds; round++) {
      await sleep(50 + chance() * 600)
      await node.killAndRestart()
    }
    await sleep(200)
    stopping = true
    await Promise.all(load)
    expect(acknowledged.length).toBeGreaterThan(rounds)
    expect(new Set(acknowledged).size).toBe(acknowledged.length)

    const log = await readLog(node.url, worker)
    const slots = new Map<string, number>()
    for (const id of log) slots.set(id, (slots.get(id) ?? 0) + 1)
    expect(acknowledged.filter((id) => slots.get(id) !== 1)).toEqual([])
    expect(new Set(log).size).toBe(log.length)
    const wrong = await Promise.all(
      acknowledged.map(async (id) => {
        const { raw } = await client.process(worker).result(id)
        return raw.Messages.length === 1 && raw.Error === undefined ? [] : [id, raw]
      }),
    )
    expect(wrong.flat()).toEqual([])
    await expectSeenOnce(sink, log.slice(1))
    process.stderr.write(`${rounds} kills, ${acknowledged.length} acknowledged, 0 lost, 0 twice\n`)
  })

  it('two nodes play ping-pong, either is killed', { timeout: 900_000 }, async () => {
    const [portA, portB] = [await freePort(), await freePort()]
    const peer = (port: number) => ['--peer', `http://127.0.0.1:${port}`]
    const a = await openKillable(() => peer(portB), portA)
    const b = await openKillable(() => peer(portA), portB)
    const signer = ed25519Signer(random.bytes(32))
    const limit = 40 * rounds
    const player = `
      const balls = []
      on('Serve', (msg) => { send({ target: msg.tags.To, action: 'Ball', data: '1' }) })
      on('Ball', (msg) => {
        const n = Number(msg.data)
        balls.push(n)
        if (n < ${limit}) send({ target: msg.from, action: 'Ball', data: String(n + 1) })
      })
      on('Balls', (msg) => { msg.reply({ data: JSON.stringify(balls) }) })`
    const clients = [a, b].map(({ url }) => createClient({ url, signer }))
    // Each process must trust both messengers, or it would not believe who a ball is from.
    const tags = await Promise.all(
      clients.map(async (client) => ({
        name: 'Authority',
        value: (await client.status()).address,
      })),
    )
    const players = await Promise.all(
      clients.map((client) => client.spawn({ source: player, tags })),
    )
    const [ping, pong] = players
    if (ping === undefined || pong === undefined) throw new Error('two players')
    await ping.send({ action: 'Serve', tags: { To: pong.id } })
    const balls = async (handle: ProcessHandle) =>
      JSON.parse((await handle.read({ action: 'Balls' })).messages[0]?.data ?? '[]') as number[]
    for (let round = 0; round < rounds; round++) {
      await sleep(50 + chance() * 500)
      await (chance() < 0.5 ? a : b).killAndRestart()
    }
    const deadlineMs = clock.elapsedMs() + 600_000
    while ((await balls(ping)).at(-1) !== limit && (await balls(pong)).at(-1) !== limit) {
      if (clock.elapsedMs() > deadlineMs) {
        throw new Error(`stuck at ${await balls(ping)} and ${await balls(pong)}`)
      }
      await sleep(200)
    }
    const all = [...(await balls(ping)), ...(await balls(pong))].sort((x, y) => x - y)
    expect(all).toEqual(Array.from({ length: limit }, (_, i) => i + 1))
    process.stderr.write(`${rounds} kills, ${limit} balls, each hit once\n`)
  })
})

async function expectSeenOnce(sink: ProcessHandle, ids: readonly string[]): Promise<void> {
  const deadlineMs = clock.elapsedMs() + 600_000
  for (;;) {
    const { messages } = await sink.read({ action: 'Seen' })
    const seen = JSON.parse(messages[0]?.data ?? '{}') as Record<string, number>
    const missing = ids.filter((id) => seen[id] === undefined)
    if (missing.length === 0) {
      expect(ids.filter((id) => seen[id] !== 1)).toEqual([])
      expect(Object.keys(seen).length).toBe(ids.length)
      return
    }
    if (clock.elapsedMs() > deadlineMs) throw new Error(`${missing.length} never pushed`)
    await sleep(200)
  }
}
