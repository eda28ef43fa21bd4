import { Agent, request } from 'node:http'
import { afterEach, expect, it } from 'vitest'
import { openServer } from './server.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** Resolves with the bytes of the answer and whether its connection had been used before. */
function get(url: string, agent: Agent): Promise<{ bytes: number; reused: boolean }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent }, (reply) => {
      let bytes = 0
      reply.on('data', (chunk: Buffer) => {
        bytes += chunk.length
      })
      reply.on('end', () => resolve({ bytes, reused: sent.reusedSocket }))
    })
    sent.on('error', reject)
    sent.end()
  })
}

it('a streamed answer leaves the connection open for the next request', async () => {
  const server = await openServer({ host: '127.0.0.1', port: 0 })
  closing.push(() => server.close())
  async function* body() {
    for (let i = 0; i < 8; i++) yield new Uint8Array(256 * 1024)
  }
  const handle = () => ({ status: 200, body: body() })
  const routes = [{ method: 'GET' as const, path: '/', handle }]
  await server.serve([{ prefix: '', routes }], { onInternalError: () => {} })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  closing.push(() => agent.destroy())
  const bytes = 8 * 256 * 1024
  expect(await get(server.url, agent)).toEqual({ bytes, reused: false })
  expect(await get(server.url, agent)).toEqual({ bytes, reused: true })
})
