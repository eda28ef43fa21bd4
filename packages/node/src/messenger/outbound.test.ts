import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createRuntime } from '../runtime/index.ts'
import { messengerDefaults } from './options.ts'
import { Outbound } from './outbound.ts'

const runtime = createRuntime()
let server: Server | undefined

afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener)
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function outbound(
  options: Partial<typeof messengerDefaults> = {},
  clock = runtime.clock,
): Outbound {
  const all = { ...messengerDefaults, requestTimeoutMs: 60_000, nodePauseMs: 50, ...options }
  return new Outbound(globalThis.fetch, { ...runtime, clock }, all)
}

describe('outbound calls', () => {
  it('carry the body through a redirect', async () => {
    const url = await serve(async (request, reply) => {
      if (request.url === '/from') return reply.writeHead(308, { location: '/to' }).end()
      const parts: Buffer[] = []
      for await (const part of request) parts.push(part)
      reply.end(JSON.stringify({ got: Buffer.concat(parts).toString(), at: request.url }))
    })
    const body = new TextEncoder().encode('abc')
    const answer = await outbound().call(`${url}/from`, { method: 'POST', body })
    expect(answer).toEqual({ status: 200, json: { got: 'abc', at: '/to' }, url: `${url}/to` })
  })

  it('end after the time limit, also within the body', async () => {
    const url = await serve((request, reply) => {
      if (request.url === '/half') reply.write('{')
    })
    for (const path of ['/none', '/half']) {
      await expect(
        outbound({ requestTimeoutMs: 100 }).call(url + path, { method: 'GET' }),
      ).rejects.toMatchObject({
        code: 'node-unreachable',
        message: expect.stringContaining('within 100 ms'),
      })
    }
  })

  it('stop reading at the size limit', async () => {
    const url = await serve((_request, reply) => reply.end('x'.repeat(5000)))
    const calls = outbound({ replyBytesMax: 1000 })
    await expect(calls.call(url, { method: 'GET' })).rejects.toThrow(/exceeds 1000 bytes/)
  })

  it('give a status whatever the body is', async () => {
    const url = await serve((_request, reply) => reply.writeHead(500).end('<html>'))
    expect(await outbound().call(url, { method: 'GET' })).toMatchObject({
      status: 500,
      json: undefined,
    })
  })

  it('never go to other schemes, passwords, or link-local addresses', async () => {
    const refused = [
      'file:///etc/passwd',
      'ftp://a/',
      'http://user:secret@a/',
      'http://169.254.169.254/latest',
      'http://[fe80::1]/',
      'http://[::ffff:169.254.169.254]/',
      'no url',
    ]
    for (const url of refused) {
      await expect(outbound().call(url, { method: 'GET' })).rejects.toMatchObject({
        code: 'url-refused',
      })
    }
    const url = await serve((_request, reply) =>
      reply.writeHead(307, { location: 'http://169.254.169.254/' }).end(),
    )
    await expect(outbound().call(url, { method: 'GET' })).rejects.toMatchObject({
      code: 'url-refused',
    })
  })

  it('leave a failing node alone for a while, then probe it with one call', async () => {
    let calls = 0
    let isUp = false
    const url = await serve((request, reply) => {
      calls++
      if (isUp) reply.end('{}')
      else request.destroy()
    })
    const get = (out: Outbound) =>
      out.call(url, { method: 'GET' }).then(
        () => true,
        () => false,
      )
    let elapsedMs = 0
    const out = outbound({}, { ...runtime.clock, elapsedMs: () => elapsedMs })
    expect(await get(out)).toBe(false)
    expect(await get(out)).toBe(false)
    expect(calls).toBe(1)
    isUp = true
    elapsedMs += 50
    const [first, second] = await Promise.all([get(out), get(out)])
    expect([first, second, calls]).toEqual([true, false, 2])
    expect(await get(out)).toBe(true)
  })
})
