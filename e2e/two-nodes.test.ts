import { createRuntime, ed25519Signer } from '@heddle/node/runtime'
import { createClient } from '@heddle/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from './aoconnect-client.ts'
import { type NodeProcess, newDataFolder, removeFolder, startNodeProcess } from './node-process.ts'

const { random } = createRuntime()

describe('two nodes', () => {
  const folders = [newDataFolder(), newDataFolder()]
  const signer = ed25519Signer(random.bytes(32))
  let a: NodeProcess
  let b: NodeProcess

  beforeAll(async () => {
    a = await startNodeProcess(folders[0] ?? '')
    b = await startNodeProcess(folders[1] ?? '', ['--peer', a.url])
  })

  afterAll(async () => {
    expect(await a.stop()).toBe(0)
    expect(await b.stop()).toBe(0)
    folders.forEach(removeFolder)
  })

  const clientOf = (node: NodeProcess) => createClient({ url: node.url, signer })
  const authorities = async () => {
    const states = await Promise.all([a, b].map((node) => clientOf(node).status()))
    return states.map(({ address }) => ({ name: 'Authority', value: address }))
  }

  it('a message posted to one reaches a process of the other', async () => {
    const source = `let n = 0; on('Inc', (msg) => { n++; msg.reply({ data: String(n) }) })`
    const counter = await clientOf(a).spawn({ source })
    const { transport } = clientOf(b)
    const sender = await clientOf(b).spawn({
      source: `on('Go', (msg) => { send({ target: msg.tags.To, action: 'Inc' }) })`,
      tags: await authorities(),
    })
    await sender.send({ action: 'Go', tags: { To: counter.id } })
    const outbox = async () =>
      (await fetch(`${transport.url}/mu/outbox?process-id=${sender.id}&state=delivered`)).json()
    await eventually(outbox, (state) => JSON.stringify(state).includes(counter.id))
    // The counter does not know the other messenger, so it does not believe who the message is from.
    const { messages } = await counter.send({ action: 'Inc' })
    expect(messages[0]?.data).toBe('1')
  })

  it('answers come back to a process that trusts both messengers', async () => {
    const tags = await authorities()
    const echo = await clientOf(a).spawn({
      source: `on('Ask', (msg) => { msg.reply({ action: 'Answer', data: msg.data + '!' }) })`,
      tags,
    })
    const asker = await clientOf(b).spawn({
      source: `let heard = ''
        on('Go', (msg) => { send({ target: msg.tags.To, action: 'Ask', data: 'hi' }) })
        on('Answer', (msg) => { heard = msg.data })
        on('Get', (msg) => { msg.reply({ data: heard }) })`,
      tags,
    })
    await asker.send({ action: 'Go', tags: { To: echo.id } })
    const heard = async () => (await asker.read({ action: 'Get' })).messages[0]?.data
    expect(await eventually(heard, (data) => data === 'hi!')).toBe('hi!')
  })

  it('finds at its peer what it does not have itself: a module, a message to assign', async () => {
    const { modules } = await clientOf(a).status()
    const own = { 'Data-Protocol': 'ao', Type: 'Module', Variant: 'ao.TN.1' }
    const { transport } = clientOf(a)
    const js = new Uint8Array(
      await (await fetch(`${transport.url}/raw/${modules.js}`)).arrayBuffer(),
    )
    const module = await clientOf(a).upload({
      data: js,
      tags: {
        ...own,
        'Module-Format': 'wasm32-wasi-quickjs-heddle3',
        'Input-Encoding': 'JSON-1',
        'Output-Encoding': 'JSON-1',
        'Memory-Limit': '64-mb',
        'Compute-Limit': '100000000',
      },
    })
    expect(module).not.toBe(modules.js)
    const source = `allowAssignment(() => true)
      let total = 0
      on('Add', (msg) => { total += Number(msg.data) })
      on('Get', (msg) => { msg.reply({ data: String(total) }) })`
    const here = await clientOf(a).spawn({ source, module })
    const there = await clientOf(b).spawn({ source, module })
    const { id } = await here.send({ action: 'Add', data: '7' })
    const query = `process-id=${there.id}&assign=${id}`
    const reply = await fetch(`${b.url}/mu/?${query}`, { method: 'POST' })
    expect(reply.status).toBe(202)
    const total = async () => (await there.read({ action: 'Get' })).messages[0]?.data
    expect(await eventually(total, (data) => data === '7')).toBe('7')
  })
})
