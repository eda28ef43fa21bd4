import { connect } from 'node:net'
import { HeddleError } from '@heddle/protocol/base'
import { afterEach, describe, expect, it } from 'vitest'
import { openServer, type Route, type ServerOptions, type ServerSocket } from './index.ts'

let server: ServerSocket | undefined
const internalErrors: unknown[] = []

async function start(routes: Route[], options: Partial<ServerOptions> = {}): Promise<string> {
  const hooks = { onInternalError: (error: unknown) => void internalErrors.push(error) }
  server = await openServer({ port: 0, ...options })
  await server.serve([{ prefix: '/su', routes }], hooks)
  return server.url
}

afterEach(async () => {
  await server?.close()
  server = undefined
  internalErrors.length = 0
})

const echo: Route = {
  method: 'POST',
  path: '/',
  handle: (request) => ({
    status: 200,
    body: { length: request.body.length, url: request.url, from: request.query.get('from') },
  }),
}

describe('server', () => {
  it('hands a room its path without the prefix, with and without the slash', async () => {
    const url = await start([echo])
    for (const path of ['/su', '/su/', '/su?from=1', '/su/?from=1']) {
      const reply = await fetch(url + path, { method: 'POST', body: 'abc' })
      const body = (await reply.json()) as { length: number; from: string | null }
      expect(body.length).toBe(3)
      expect(body.from).toBe(path.includes('from') ? '1' : null)
    }
  })

  it('answers a coded error with its kind, and hides the text of any other', async () => {
    const url = await start([
      {
        method: 'GET',
        path: '/known',
        handle: () => {
          throw new HeddleError('nothing-here', 'missing', 'nothing here: look there')
        },
      },
      {
        method: 'GET',
        path: '/unknown',
        handle: () => {
          throw new Error('secret path')
        },
      },
    ])
    const known = await fetch(`${url}/su/known`)
    expect(known.status).toBe(404)
    expect(await known.json()).toEqual({ error: 'nothing here: look there', code: 'nothing-here' })
    const unknown = await fetch(`${url}/su/unknown`)
    expect(unknown.status).toBe(500)
    expect(await unknown.text()).not.toContain('secret')
    expect(internalErrors).toHaveLength(1)
  })

  it('refuses a body over the limit with 413, and a stranger route with 404', async () => {
    const url = await start([echo], { bodyBytesMax: 1000 })
    const large = await fetch(`${url}/su/`, { method: 'POST', body: 'x'.repeat(1001) })
    expect(large.status).toBe(413)
    expect(await large.json()).toMatchObject({ code: 'body-too-large' })
    // Far larger than any socket buffer: the answer must come through all the same.
    for (let i = 0; i < 5; i++) {
      const body = new Uint8Array(11 * 1024 * 1024)
      expect((await fetch(`${url}/su/`, { method: 'POST', body })).status).toBe(413)
    }
    const stranger = await fetch(`${url}/su/nowhere`)
    expect(stranger.status).toBe(404)
    expect(await stranger.json()).toMatchObject({ code: 'route-unknown' })
  })

  it('says that it is starting until it has routes, and that a port is taken', async () => {
    server = await openServer({ port: 0 })
    expect((await fetch(server.url)).status).toBe(503)
    const port = Number(new URL(server.url).port)
    await expect(openServer({ port })).rejects.toThrow(`port ${port} on 127.0.0.1 is taken`)
  })

  it('ends a request whose body never comes', async () => {
    const url = await start([echo], { requestTimeoutMs: 200 })
    const answer = await exchange(url, 'content-length: 10\r\n\r\nab')
    expect(answer).toMatch(/^HTTP\/1.1 408/)
  })

  it('hands on a body of any size as it comes, and the answer too', async () => {
    const url = await start([
      {
        method: 'POST',
        path: '/back',
        body: 'stream',
        handle: ({ stream }) => ({ status: 200, body: stream }),
      },
    ])
    const bytes = new Uint8Array(24 * 1024 * 1024).map((_, at) => at % 251)
    const reply = await fetch(`${url}/su/back`, { method: 'POST', body: bytes })
    const back = new Uint8Array(await reply.arrayBuffer())
    expect(Buffer.compare(back, bytes)).toBe(0)
  })

  it('answers before a streamed body was read, and takes the next request', async () => {
    const url = await start([
      { method: 'POST', path: '/no', body: 'stream', handle: () => ({ status: 403, body: 'no' }) },
    ])
    for (let i = 0; i < 3; i++) {
      const body = new Uint8Array(11 * 1024 * 1024)
      const reply = await fetch(`${url}/su/no`, { method: 'POST', body })
      expect([reply.status, await reply.text()]).toEqual([403, 'no'])
    }
  })

  it('ends a streamed body that stands still', async () => {
    const read = async (stream: AsyncIterable<Uint8Array>) => {
      let readBytes = 0
      for await (const part of stream) readBytes += part.length
      return { status: 200, body: { readBytes } }
    }
    const url = await start(
      [{ method: 'POST', path: '/', body: 'stream', handle: ({ stream }) => read(stream) }],
      { requestTimeoutMs: 200 },
    )
    expect(await exchange(url, 'content-length: 10\r\n\r\nab')).toMatch(/^HTTP\/1.1 408/)
  })

  it('breaks off an answer whose source fails, and stops a source whose reader left', async () => {
    let isStopped = false
    async function* fails() {
      yield new Uint8Array(10)
      throw new Error('disk gone')
    }
    async function* endless() {
      try {
        for (;;) yield new Uint8Array(64 * 1024)
      } finally {
        isStopped = true
      }
    }
    const url = await start([
      { method: 'GET', path: '/fails', handle: () => ({ status: 200, body: fails() }) },
      { method: 'GET', path: '/endless', handle: () => ({ status: 200, body: endless() }) },
    ])
    await expect(fetch(`${url}/su/fails`).then((reply) => reply.bytes())).rejects.toThrow()
    expect(String(internalErrors[0])).toContain('disk gone')
    const leaving = new AbortController()
    const reply = await fetch(`${url}/su/endless`, { signal: leaving.signal })
    await reply.body?.getReader().read()
    leaving.abort()
    await expect.poll(() => isStopped).toBe(true)
  })
})

function exchange(url: string, headAndBody: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  return new Promise((resolve) => {
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString()
    })
    socket.on('close', () => resolve(text))
    socket.on('error', () => resolve(text))
    socket.write(`POST /su/ HTTP/1.1\r\nhost: x\r\n${headAndBody}`)
  })
}
