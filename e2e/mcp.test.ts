import { request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { addModel, createClient, generateWallet, walletSigner } from '@heddle/sdk'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readStories } from '../packages/node/src/inference/testing/stories.ts'
import { type NodeProcess, newDataFolder, removeFolder, startNodeProcess } from './node-process.ts'

const counterFile = fileURLToPath(new URL('../examples/counter.ts', import.meta.url))
const stranger = `${'A'.repeat(42)}E`

type Shown = { readonly content: readonly { readonly text: string }[]; readonly isError?: boolean }

describe('an MCP client against a node', () => {
  const folder = newDataFolder()
  let node: NodeProcess
  let heddle: ReturnType<typeof createClient>
  let mcp: Client
  let counter: string

  const connect = async (path: string) => {
    const client = new Client({ name: 'test', version: '1' })
    await client.connect(new StreamableHTTPClientTransport(new URL(path, node.url)))
    return client
  }
  const readJson = async (uri: string) => {
    const [first] = (await mcp.readResource({ uri })).contents
    return JSON.parse(first !== undefined && 'text' in first ? first.text : '')
  }
  const call = async (name: string, input: object = {}) => {
    const shown = (await mcp.callTool({ name, arguments: { ...input } })) as unknown as Shown
    return { text: shown.content[0]?.text ?? '', isError: shown.isError === true }
  }

  beforeAll(async () => {
    node = await startNodeProcess(folder)
    heddle = createClient({ url: node.url, signer: walletSigner(generateWallet()) })
    counter = (await heddle.spawn({ file: counterFile, tags: { Name: 'counter' } })).id
    mcp = await connect('/mcp')
  })

  afterAll(async () => {
    await mcp.close()
    expect(await node.stop()).toBe(0)
    removeFolder(folder)
  })

  it('has the handlers of processes as tools, with what they read', async () => {
    const { tools } = await mcp.listTools()
    const names = tools.map(({ name }) => name)
    expect(names).toContain('verify_receipt')
    const send = tools.find(({ name }) => name.startsWith('send_counter_') && name.endsWith('_Inc'))
    expect(send).toMatchObject({
      annotations: { readOnlyHint: false },
      inputSchema: { properties: { By: { type: 'string' } } },
    })
    for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
    const own = await connect(`/mcp/${counter}`)
    const ownNames = (await own.listTools()).tools.map(({ name }) => name)
    expect(ownNames.filter((name) => name.startsWith('read_counter'))).toHaveLength(2)
    await own.close()
  })

  it('sends, reads without a trace, and reads resources', async () => {
    const { tools } = await mcp.listTools()
    const inc = tools.find(({ name }) => /^send_counter_.*_Inc$/.test(name))?.name ?? ''
    const dry = tools.find(({ name }) => /^read_counter_.*_Inc$/.test(name))?.name ?? ''
    expect(JSON.parse((await call(inc, { By: '5' })).text).messages[0].data).toBe('5')
    expect(JSON.parse((await call(dry, { By: '2' })).text).messages[0].data).toBe('7')
    const asked = await call('read_process', { process: counter, action: 'Get' })
    expect(JSON.parse(asked.text).messages[0].data).toBe('5')
    const again = { process: counter, action: 'Inc', tags: { By: '1' } }
    await call('send_message', again)
    await call('send_message', again)
    const { resources } = await mcp.listResources()
    expect(resources).toMatchObject([{ uri: `heddle://process/${counter}`, name: 'counter' }])
    expect((await readJson(`heddle://process/${counter}/Get`)).messages[0].data).toBe('7')
    const card = await readJson(`heddle://process/${counter}`)
    expect(card).toMatchObject({ name: 'counter', slots: 4 })
  })

  it('tells what is wrong so that a model can read it', async () => {
    const wrong = await call('send_message', {
      ...{ process: counter, action: 'Inc', tags: { By: 'two' } },
    })
    expect(wrong).toMatchObject({ isError: true, text: expect.stringContaining('not two') })
    const unknown = await call('read_process', { process: stranger, action: 'Get' })
    expect(unknown.text).toContain('unknown process')
    const forged = { process: counter, action: 'Inc', tags: { 'From-Process': counter } }
    expect((await call('send_message', forged)).text).toContain('written by the system')
    // Whoever may only read with a tool must not do something else through it.
    const { tools } = await mcp.listTools()
    const get = tools.find(({ name }) => /^send_counter_.*_Get$/.test(name))?.name ?? ''
    expect((await call(get, { Action: 'Inc' })).text).toContain('written by the system')
    expect((await call('verify_receipt', { receipt: stranger })).text).toContain('unknown receipt')
    await expect(call('nothing')).rejects.toThrow('unknown tool')
    await expect(mcp.readResource({ uri: 'heddle://else' })).rejects.toThrow('resources are')
  })

  it('keeps pages of other sites away', async () => {
    const { port } = new URL(node.url)
    const headers = { origin: 'https://evil.example', 'content-type': 'application/json' }
    const status = await new Promise((resolve, reject) => {
      const sent = request({ port, path: '/mcp', method: 'POST', headers }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      sent.on('error', reject).end('{}')
    })
    expect(status).toBe(403)
  })

  it('answers with a model and replays the receipt', async (context) => {
    const stories = readStories()
    if (typeof stories === 'string') return context.skip(stories)
    const { checkpoint, tokenizer } = stories
    const read = async (from: number, to: number) => checkpoint.slice(from, to)
    const file = { sizeBytes: checkpoint.length, read }
    await addModel(heddle, { name: 'stories', file, tokenizer })
    const answer = JSON.parse(
      (await call('infer', { model: 'stories', prompt: 'Lily', max_tokens: 20 })).text,
    )
    expect(answer).toMatchObject({ tokens: 20, finish: 'length' })
    const report = JSON.parse((await call('verify_receipt', { receipt: answer.receipt })).text)
    expect(report).toMatchObject({ tokens: 20, comparison: { verdict: 'same' } })
  })
})
