import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createTransport, readObject } from './transport.ts'

let server: Server | undefined

afterEach(async () => {
  server?.closeAllConnections()
  await new Promise((resolve) => (server === undefined ? resolve(0) : server.close(resolve)))
  server = undefined
})

async function serve(listener: RequestListener): Promise<string> {
  const started = createServer(listener)
  server = started
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(started.address() as AddressInfo).port}`
}

const answering = (status: number, body: string) =>
  serve((_request, response) => response.writeHead(status).end(body))

describe('a refusal', () => {
  it.each([
    [400, 'invalid'],
    [401, 'denied'],
    [403, 'denied'],
    [404, 'missing'],
    [409, 'conflict'],
    [413, 'invalid'],
    [418, 'invalid'],
    [429, 'exhausted'],
    [500, 'internal'],
    [502, 'unavailable'],
    [503, 'unavailable'],
  ])('of status %i keeps the node’s code and words, kind %s', async (status, kind) => {
    const body = JSON.stringify({ error: 'unknown process x: no', code: 'unknown-process' })
    const transport = createTransport(await answering(status, body), fetch)
    await expect(transport.get('/cu/result/x')).rejects.toMatchObject({
      code: 'unknown-process',
      kind,
      message: 'unknown process x: no',
      details: { status, url: transport.url },
    })
  })

  it.each([
    ['a page of a proxy', `<h1>Bad Gateway</h1>${'x'.repeat(10_000)}`, /answered 502: <h1>Bad/],
    ['an empty body', '', /answered 502: Bad Gateway/],
    ['JSON of another shape', '[1]', /answered 502: \[1\]/],
    ['an error that is an object', '{"error":{"why":"full"}}', /^\{"why":"full"\}$/],
  ])('that is %s is told too, briefly', async (_what, body, message) => {
    const transport = createTransport(await answering(502, body), fetch)
    const error = await transport.get('/').catch((caught) => caught)
    expect(error).toMatchObject({ code: 'node-refused', kind: 'unavailable' })
    expect(error.message).toMatch(message)
    expect(error.message.length).toBeLessThan(300)
  })
})

describe('a connection', () => {
  it('that nobody takes is told with the system’s reason and what to do', async () => {
    const url = await answering(200, '{}')
    await new Promise((resolve) => server?.close(resolve))
    server = undefined
    await expect(createTransport(url, fetch).get('/healthz')).rejects.toMatchObject({
      code: 'node-unreachable',
      kind: 'unavailable',
      message: `no node answers at ${url} (ECONNREFUSED): start one with \`heddle up\`, or give another URL`,
    })
  })

  it('that breaks within the answer is no answer', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half')
    })
    const cutting: typeof fetch = async (...asked) => {
      const begun = await fetch(...asked)
      server?.closeAllConnections()
      return begun
    }
    const asking = createTransport(url, cutting).get('/')
    await expect(asking).rejects.toMatchObject({ code: 'answer-cut' })
  })

  it.each(['before the answer', 'within the answer'])(
    'aborted %s ends with that reason',
    async (when) => {
      const controller = new AbortController()
      const abort = () => controller.abort(new Error('enough'))
      const url = await serve((_request, response) => {
        if (when === 'before the answer') abort()
        else response.writeHead(200).write('half')
      })
      const aborting: typeof fetch = async (...asked) => {
        const begun = await fetch(...asked)
        abort()
        return begun
      }
      const asking = createTransport(url, aborting).get('/', controller.signal)
      await expect(asking).rejects.toThrow('enough')
    },
  )

  it('aborted already is not made', async () => {
    const asking = createTransport('http://127.0.0.1:1', fetch).get('/', AbortSignal.abort())
    await expect(asking).rejects.toMatchObject({ name: 'AbortError' })
  })
})

describe('an answer', () => {
  it('without end is cut off', async () => {
    let isCancelled = false
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(1024 * 1024)),
      cancel: () => {
        isCancelled = true
      },
    })
    const transport = createTransport('http://node', async () => new Response(endless))
    await expect(transport.get('/')).rejects.toMatchObject({ code: 'answer-too-large' })
    expect(isCancelled).toBe(true)
  })

  it('is whole, and sent with its method, body and type', async () => {
    const url = await serve(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk)
      const { method, headers } = request
      const type = headers['content-type']
      const body = Buffer.concat(chunks).toString()
      response.end(JSON.stringify({ method, url: request.url, type, body }))
    })
    const transport = createTransport(`${url}/base/`, fetch)
    const posted = await transport.post('/x?y=1', 'text', 'application/json')
    const told = { method: 'POST', url: '/base/x?y=1', type: 'application/json', body: 'text' }
    expect(readObject(transport, posted)).toEqual(told)
    const deleted = readObject(transport, await transport.delete('/x', 'text'))
    expect(deleted).toMatchObject({ method: 'DELETE', body: 'text' })
  })

  it.each(['<html>', '', '7', 'null', '[]'])('%j is not what a node says', async (body) => {
    const transport = createTransport(await answering(200, body), fetch)
    const answer = await transport.get('/healthz')
    expect(() => readObject(transport, answer)).toThrow(/is it the URL of a Heddle node/)
  })
})

describe('the base URL', () => {
  it('loses the slashes at its end', () => {
    expect(createTransport('http://a:1//', fetch).url).toBe('http://a:1')
    expect(createTransport('https://a/heddle/', fetch).url).toBe('https://a/heddle')
  })

  it.each(['', 'nonsense', 'ftp://a', '127.0.0.1:4000', 'http://a?x=1', 'http://a#x'])(
    'is not %j',
    (url) => {
      expect(() => createTransport(url, fetch)).toThrow(/is not the URL of a node/)
    },
  )
})
