import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { createRuntime, ed25519Signer } from '@heddle/node/runtime'
import { createClient } from '@heddle/sdk'
import { afterAll, describe, expect, it } from 'vitest'
import {
  type NodeProcess,
  newDataFolder,
  removeFolder,
  runHeddle,
  startNodeProcess,
} from './node-process.ts'

const { random } = createRuntime()
const signer = ed25519Signer(random.bytes(32))
const source = `let count = 0
  on('Inc', (msg) => { count += Number(msg.tags.By ?? 1); msg.reply({ data: String(count) }) })
  on('Get', (msg) => { msg.reply({ data: String(count) }) })`

type Report = {
  readonly slots: number
  readonly equal: boolean
  readonly resultChain: string
  readonly statedChain: string
  readonly hosting: string
}

describe('rollup', () => {
  const folders = [newDataFolder(), newDataFolder()]
  const [folderA = '', folderB = ''] = folders
  const running = new Set<NodeProcess>()
  const start = async (folder: string, args: readonly string[] = []) => {
    const node = await startNodeProcess(folder, args)
    running.add(node)
    return node
  }
  const stop = async (node: NodeProcess) => {
    running.delete(node)
    expect(await node.stop()).toBe(0)
  }
  const recover = async (node: NodeProcess, processId: string, from: string): Promise<Report> => {
    const words = ['store', 'recover', processId, '--from', from, '--url', node.url, '--json']
    const { code, out, err } = await runHeddle(words)
    expect(err).not.toContain('refused')
    expect(code).toBe(0)
    return JSON.parse(out)
  }
  const count = async (url: string, id: string) =>
    (await createClient({ url, signer }).process(id).read({ action: 'Get' })).messages[0]?.data
  const chainAt = async (url: string, id: string, slot: number) => {
    const reply = await fetch(`${url}/cu/proof/${id}/${slot}`)
    return ((await reply.json()) as { resultChain: string }).resultChain
  }

  afterAll(async () => {
    for (const node of running) await node.stop()
    folders.forEach(removeFolder)
  })

  it('a fresh node rebuilds a process from the store alone, with the same digests', async () => {
    let a = await start(folderA)
    const counter = await createClient({ url: a.url, signer }).spawn({ source })
    const { id } = counter
    await Promise.all(
      Array.from({ length: 50 }, (_, i) => counter.send({ action: 'Inc', tags: { By: `${i}` } })),
    )
    expect((await fetch(`${a.url}/rollup/flush`, { method: 'POST' })).status).toBe(200)
    const chain = await chainAt(a.url, id, 50)

    const b = await start(folderB)
    const report = await recover(b, id, a.url)
    expect(report).toMatchObject({ slots: 51, equal: true, hosting: 'read-only' })
    expect(await count(b.url, id)).toBe('1225')
    expect(await chainAt(b.url, id, 50)).toBe(chain)
    // The messages are found once, where the log says they are.
    const found = await graphql(b.url, id)
    expect(found).toEqual(await graphql(a.url, id))
    const refused = createClient({ url: b.url, signer }).process(id).send({ action: 'Inc' })
    await expect(refused).rejects.toThrow()
    await stop(b)
    await stop(a)

    // Only items and store are left of the first node. It has its key, so it goes on by itself.
    for (const name of ['scheduler', 'results', 'rollup', 'index', 'checkpoints', 'prepared']) {
      rmSync(join(folderA, name), { recursive: true, force: true })
    }
    a = await start(folderA, ['--recover', id])
    await expect.poll(() => recoveryOf(a.url, id)).toBe('done')
    expect(await chainAt(a.url, id, 50)).toBe(chain)
    const { messages } = await createClient({ url: a.url, signer })
      .process(id)
      .send({ action: 'Inc', tags: { By: '5' } })
    expect(messages[0]?.data).toBe('1230')
    await stop(a)
  })
})

async function recoveryOf(url: string, id: string): Promise<string> {
  const reply = await fetch(`${url}/rollup/${id}/recovery`)
  return ((await reply.json()) as { state: string }).state
}

async function graphql(url: string, recipient: string): Promise<unknown> {
  const query = `query { transactions(recipients: ["${recipient}"], first: 100) {
    count edges { node { id bundledIn { id } block { height } } } } }`
  const reply = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  })
  const { data } = (await reply.json()) as {
    data: { transactions: { edges: { node: { id: string; bundledIn: unknown } }[] } }
  }
  return data.transactions.edges.map(({ node }) => [node.id, node.bundledIn]).sort()
}
