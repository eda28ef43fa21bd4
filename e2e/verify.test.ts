import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { portableEd25519Signer } from '@heddle/protocol/item'
import { createClient } from '@heddle/sdk'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  type NodeProcess,
  newDataFolder,
  removeFolder,
  runHeddle,
  startNodeProcess,
} from './node-process.ts'

const work = newDataFolder()
const signer = portableEd25519Signer(new Uint8Array(32).fill(8))
let node: NodeProcess
let liar: Server
let forgedPath = ''

beforeAll(async () => {
  node = await startNodeProcess(join(work, 'node'))
  liar = createServer((request, response) => {
    void forward(request.url ?? '/').then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(body)
    })
  })
  await new Promise<void>((resolve) => liar.listen(0, '127.0.0.1', resolve))
})

afterAll(async () => {
  liar.close()
  expect(await node.stop()).toBe(0)
  removeFolder(work)
})

/** The node's own answers, but for what it says a message gave and for a byte of one item. */
async function forward(path: string): Promise<{ status: number; body: Uint8Array | string }> {
  const reply = await fetch(node.url + path)
  const body = new Uint8Array(await reply.arrayBuffer())
  if (path === forgedPath) body[body.length - 1] = 0
  if (!path.startsWith('/cu/proof/')) return { status: reply.status, body }
  const proof = JSON.parse(new TextDecoder().decode(body))
  proof.result.Messages[0].Data = '1000000'
  return { status: 200, body: JSON.stringify(proof) }
}

it('a stranger checks what a node says, and catches one that lies', async () => {
  const client = createClient({ url: node.url, signer })
  const process = await client.spawn({ source: "on('Inc', (msg) => msg.reply({ data: '1' }))" })
  await process.send({ action: 'Inc' })
  const verify = (url: string) => runHeddle(['verify', process.id, '1', '--json', '--url', url])
  const honest = await verify(node.url)
  expect(honest).toMatchObject({ code: 0 })
  expect(JSON.parse(honest.out)).toMatchObject({
    outcome: 'verified',
    slot: 1,
    fromSlot: 0,
    stateRoot: expect.stringMatching(/^[\w-]{43}$/),
    attestedBy: expect.stringMatching(/^[\w-]{43}$/),
  })
  const lying = await verify(`http://127.0.0.1:${(liar.address() as AddressInfo).port}`)
  expect(lying.code).toBe(1)
  expect(JSON.parse(lying.out)).toMatchObject({ outcome: 'differs', field: 'resultChain' })
})

it('an item is checked whole, and one that was changed is refused', async () => {
  const id = await createClient({ url: node.url, signer }).upload({ data: 'kept' })
  forgedPath = `/item/${id}`
  const verify = (url: string) => runHeddle(['verify', 'item', id, '--json', '--url', url])
  const [honest, lying] = await Promise.all([
    verify(node.url),
    verify(`http://127.0.0.1:${(liar.address() as AddressInfo).port}`),
  ])
  expect(honest.code).toBe(0)
  expect(JSON.parse(honest.out)).toMatchObject({ id, kind: 'item', size: 4, verdict: 'right' })
  expect(lying).toMatchObject({ code: 1, out: '', err: expect.stringContaining('do not trust') })
})
