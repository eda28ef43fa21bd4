import { connect } from 'node:net'
import { createRuntime, ed25519Signer, nodeCrypto } from '@heddle/node/runtime'
import { encodeText } from '@heddle/protocol/base'
import { createItem } from '@heddle/protocol/item'
import { type Client, createClient, type ProcessHandle } from '@heddle/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type NodeProcess,
  newDataFolder,
  removeFolder,
  runHeddle,
  startNodeProcess,
} from './node-process.ts'

const { random } = createRuntime()
const signer = ed25519Signer(random.bytes(32))
const stranger = `${'A'.repeat(42)}E`

describe('bad input', () => {
  const folder = newDataFolder()
  let node: NodeProcess
  let client: Client
  let process: ProcessHandle

  beforeAll(async () => {
    node = await startNodeProcess(folder)
    client = createClient({ url: node.url, signer })
    process = await client.spawn({
      source: `let n = 0; on('Inc', (msg) => { msg.reply({ data: String(++n) }) })`,
    })
  })

  afterAll(async () => {
    // Whatever came before, the node is whole and stops cleanly.
    expect((await process.send({ action: 'Inc' })).error).toBeUndefined()
    expect((await client.status()).status).toBe('ok')
    expect(await node.stop()).toBe(0)
    removeFolder(folder)
  })

  const post = async (path: string, body: Uint8Array | string) => {
    const reply = await fetch(node.url + path, { method: 'POST', body: Buffer.from(body) })
    const text = await reply.text()
    const parsed = JSON.parse(text) as { error?: string; code?: string; Error?: string }
    return { status: reply.status, ...parsed }
  }
  const tags = (extra: Record<string, string> = {}) =>
    Object.entries({ 'Data-Protocol': 'ao', Type: 'Message', Variant: 'ao.TN.1', ...extra }).map(
      ([name, value]) => ({ name, value }),
    )
  const item = (target: string, extra?: Record<string, string>) =>
    createItem({ target, tags: tags(extra), data: encodeText('x') }, signer, nodeCrypto)

  for (const path of ['/mu/', '/su/', '/v1/tx']) {
    it(`refuses truncated and forged items at ${path}`, async () => {
      const { bytes } = await item(process.id)
      for (const length of [0, 1, 2, 50, 97, 130, bytes.length - 2]) {
        const reply = await post(path, bytes.subarray(0, length))
        expect(reply.status, `${length} bytes`).toBeGreaterThanOrEqual(400)
        expect(reply.status).toBeLessThan(500)
        expect(reply.error).toBeTruthy()
      }
      const forged = bytes.slice()
      forged[forged.length - 1] = (forged[forged.length - 1] ?? 0) ^ 1
      const reply = await post(path, forged)
      expect(reply.status).toBeGreaterThanOrEqual(400)
      expect(reply.error).toMatch(/signature/i)
    })

    it(`refuses a wrong tag count and tags over the limit at ${path}`, async () => {
      const { bytes, rawTags } = await item(process.id)
      const countAt = rawTags.byteOffset - bytes.byteOffset - 16
      for (const count of [0, 2, 129, 255]) {
        const wrong = bytes.slice()
        wrong[countAt] = count
        const reply = await post(path, wrong)
        expect(reply.status).toBe(400)
        expect(reply.error).toMatch(/tag/i)
      }
    })

    it(`refuses 11 MiB at ${path}`, async () => {
      const reply = await post(path, new Uint8Array(11 * 1024 * 1024))
      // Uploads are streams of any size: what is wrong with this one is that it is no item.
      const isUpload = path === '/v1/tx'
      expect(reply.status).toBe(isUpload ? 400 : 413)
      expect(reply.code).toMatch(isUpload ? /^item-/ : /^body-too-large$/)
    })
  }

  it('an unknown process is named, at every unit', async () => {
    const { bytes } = await item(stranger)
    for (const path of ['/mu/', '/su/']) {
      const reply = await post(path, bytes)
      expect([400, 404]).toContain(reply.status)
      expect(reply.error).toContain(stranger)
    }
    for (const path of [`/su/processes/${stranger}`, `/cu/results/${stranger}`, `/${stranger}`]) {
      const reply = await fetch(node.url + path)
      expect(reply.status, path).toBe(404)
      expect((await reply.json()).error).toBeTruthy()
    }
    const read = await fetch(`${node.url}/cu/result/${stranger}?process-id=${process.id}`)
    expect(read.status).toBe(404)
    expect((await read.json()).Error).toContain(stranger)
    const dry = await post(`/cu/dry-run?process-id=${stranger}`, '{"Tags":[]}')
    expect(dry.status).toBe(404)
    expect(dry.Error).toContain(stranger)
  })

  it('an unknown module is told, and the process starts once it is there', async () => {
    const spawning = client.spawn({ module: stranger, source: 'x' })
    await expect(spawning).rejects.toThrow(/unknown module/)
  })

  it('a module with unknown imports or shared memory is refused with a reason', async () => {
    for (const [bytes, reason] of [
      [moduleWithImport(), /import/],
      [moduleWithSharedMemory(), /shared|thread/],
      [encodeText('not wasm'), /wasm|module/i],
    ] as const) {
      const id = await client.upload({
        data: bytes,
        tags: {
          'Data-Protocol': 'ao',
          Type: 'Module',
          Variant: 'ao.TN.1',
          'Module-Format': 'wasm32-unknown-emscripten4',
          'Input-Encoding': 'JSON-1',
          'Output-Encoding': 'JSON-1',
          'Memory-Limit': '64-mb',
          'Compute-Limit': '1000',
        },
      })
      await expect(client.spawn({ module: id })).rejects.toThrow(reason)
    }
  })

  it('a slow client is let go and 1,000 parallel ones are served', async () => {
    const slow = connect(Number(new URL(node.url).port), '127.0.0.1')
    slow.on('error', () => undefined)
    slow.write('POST /mu/ HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nab')
    const before = Number((await process.send({ action: 'Inc' })).messages[0]?.data)
    const items = await Promise.all(
      Array.from({ length: 1000 }, (_, i) => item(process.id, { Action: 'Inc', N: String(i) })),
    )
    const replies = await Promise.all(items.map(({ bytes }) => post('/mu/', bytes)))
    expect(replies.filter(({ status }) => status !== 202)).toEqual([])
    const after = Number((await process.send({ action: 'Inc' })).messages[0]?.data)
    expect(after).toBe(before + 1001)
    slow.destroy()
  })

  it('a second node on the same folder, and a taken port, are refused', async () => {
    const second = await runHeddle(['up', '--port', '0', '--data', folder])
    expect(second.code).toBe(1)
    expect(second.err).toMatch(/in use by another node/)
    const other = newDataFolder()
    const taken = await runHeddle(['up', '--port', new URL(node.url).port, '--data', other])
    expect(taken.code).toBe(1)
    expect(taken.err).toMatch(/port/)
    removeFolder(other)
  })
})

const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]

/** (import "env" "launch_missiles" (func)) (memory 1) */
function moduleWithImport(): Uint8Array {
  const name = [...encodeText('launch_missiles')]
  const body = [1, 3, ...encodeText('env'), name.length, ...name, 0, 0]
  return Uint8Array.from([...header, 1, 4, 1, 0x60, 0, 0, 2, body.length, ...body, 5, 3, 1, 0, 1])
}

/** (memory 1 1 shared) */
function moduleWithSharedMemory(): Uint8Array {
  return Uint8Array.from([...header, 5, 4, 1, 3, 1, 1])
}
