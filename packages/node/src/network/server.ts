import { createServer, type Server as HttpServer, type RequestListener } from 'node:http'
import { HeddleError, isHeddleError } from '@heddle/protocol/base'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { drainBody } from './drain.ts'
import { type ServerOptions, serverDefaults } from './options.ts'
import { replyError } from './reply.ts'
import type { Route, RouteReply, RouteRequest } from './route.ts'

/** A room's routes and the path they live under (`''` for the root). */
export type Mount = { readonly prefix: string; readonly routes: readonly Route[] }

export type ServerSocket = {
  /** Base URL, no slash at the end. */
  readonly url: string
  /** Hands requests to these routes from now on. Called once. */
  serve(mounts: readonly Mount[], hooks: ServerHooks): Promise<void>
  /** Refuses new requests and ends all connections. */
  close(): Promise<void>
}

export type ServerHooks = {
  /** Called with whatever a route threw that was not a HeddleError. */
  onInternalError(error: unknown, request: { method: string; url: string }): void
}

const emptyBody = new Uint8Array(0)
const corsHeaders = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, HEAD, POST, PUT, DELETE, OPTIONS',
  'access-control-allow-headers': '*',
  'access-control-expose-headers': '*',
}

function pathAndQuery(url: string, prefix: string): { url: string; query: URLSearchParams } {
  const bare = url.slice(prefix.length) || '/'
  const mark = bare.indexOf('?')
  return { url: bare, query: new URLSearchParams(mark < 0 ? '' : bare.slice(mark + 1)) }
}

function requestOf(request: FastifyRequest, prefix: string, signal: AbortSignal): RouteRequest {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return {
    params: request.params as Record<string, string>,
    ...pathAndQuery(request.url, prefix),
    headers,
    body: request.body instanceof Uint8Array ? request.body : emptyBody,
    method: request.method,
    peer: request.ip,
    signal,
  }
}

function send(reply: FastifyReply, answer: RouteReply): FastifyReply {
  reply.code(answer.status)
  for (const [name, value] of Object.entries(answer.headers ?? {})) reply.header(name, value)
  const { body } = answer
  if (body === undefined) return reply.send()
  if (body instanceof Uint8Array) {
    if (!reply.hasHeader('content-type')) reply.header('content-type', 'application/octet-stream')
    return reply.send(Buffer.from(body.buffer, body.byteOffset, body.byteLength))
  }
  if (typeof body === 'string') {
    if (!reply.hasHeader('content-type')) reply.header('content-type', 'text/plain; charset=utf-8')
    return reply.send(body)
  }
  return reply.header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(body))
}

/** Fastify's own refusals (body too large, malformed request) in our shape of error. */
function edgeError(error: unknown, bodyBytesMax: number): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    const text = `body too large: the limit is ${bodyBytesMax} bytes; send bulk data in chunks`
    return new HeddleError('body-too-large', 'invalid', text, { bodyBytesMax })
  }
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined
  if (error instanceof Error && typeof status === 'number' && status < 500) {
    return new HeddleError('request-invalid', 'invalid', error.message)
  }
  return error
}

function mount(app: FastifyInstance, { prefix, routes }: Mount): void {
  for (const route of routes) {
    const handler = async (request: FastifyRequest, reply: FastifyReply) => {
      const gone = new AbortController()
      const onClose = () => {
        if (!reply.raw.writableFinished) gone.abort(new Error('the caller went away'))
      }
      reply.raw.once('close', onClose)
      return send(reply, await route.handle(requestOf(request, prefix, gone.signal)))
    }
    const url = `${prefix}${route.path}`
    app.route({ method: route.method, url, handler, exposeHeadRoute: false })
    // Clients use a unit's URL verbatim, with and without the slash at its end.
    if (route.path === '/' && prefix !== '') {
      app.route({ method: route.method, url: prefix, handler, exposeHeadRoute: false })
    }
  }
}

function createApp(
  mounts: readonly Mount[],
  hooks: ServerHooks,
  options: ServerOptions,
  serverFactory: (handler: RequestListener) => HttpServer,
): FastifyInstance {
  const app = fastify({
    bodyLimit: options.bodyBytesMax,
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: false, maxParamLength: 8192 },
    serverFactory,
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(corsHeaders)
    if (request.method === 'OPTIONS') return reply.code(204).send()
  })
  app.setErrorHandler(async (error, request, reply) => {
    const seen = edgeError(error, options.bodyBytesMax)
    if (!(seen instanceof HeddleError)) {
      hooks.onInternalError(seen, { method: request.method, url: request.url })
    }
    const answer = replyError(seen)
    if (!isHeddleError(seen, 'body-too-large')) return send(reply, answer)
    await drainBody(request.raw)
    return send(reply, { ...answer, status: 413 })
  })
  app.setNotFoundHandler((request, reply) => {
    const text = `no route ${request.method} ${request.url.split('?')[0]}: see the HTTP reference`
    return send(reply, replyError(new HeddleError('route-unknown', 'missing', text)))
  })
  for (const entry of mounts) mount(app, entry)
  return app
}

/** Listening on every address is no address others can use. */
const wildcardHosts = new Set(['0.0.0.0', '::', ''])

/** What a caller hears while the node reads its logs: it is there, but not yet. */
const answerStarting: RequestListener = (_request, response) => {
  const body = '{"error":"the node is starting: try again in a moment","code":"node-starting"}'
  response.writeHead(503, { 'content-type': 'application/json', 'retry-after': '1' }).end(body)
}

function listen(server: HttpServer, { host, port }: ServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'is taken' : `cannot be had: ${cause.message}`
      const text = `port ${port} on ${host} ${why}; choose another with --port (0: any free one)`
      reject(new HeddleError('port-unavailable', 'unavailable', text, { host, port }, { cause }))
    })
    server.listen(port, host, () => resolve())
  })
}

/**
 * Takes the port at once, so that the node knows its own URL before its rooms are open, and answers 503
 * until `serve` is given the routes. Rejects with `port-unavailable`.
 */
export async function openServer(given: Partial<ServerOptions> = {}): Promise<ServerSocket> {
  const options = { ...serverDefaults, ...given }
  let handler = answerStarting
  let app: FastifyInstance | undefined
  const server = createServer(
    {
      // Node looks for late requests only this often, and for none at all while the time for the
      // head alone (60 s unless told) is above the time for the whole request.
      connectionsCheckingInterval: Math.min(options.requestTimeoutMs, 5000),
      requestTimeout: options.requestTimeoutMs,
      headersTimeout: options.requestTimeoutMs,
      keepAliveTimeout: options.keepAliveTimeoutMs,
    },
    (request, response) => handler(request, response),
  )
  server.maxConnections = options.connectionsMax
  await listen(server, options)
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : options.port
  const named = wildcardHosts.has(options.host) ? '127.0.0.1' : options.host
  const host = named.includes(':') ? `[${named}]` : named
  return {
    url: `http://${host}:${port}`,
    async serve(mounts, hooks) {
      app = createApp(mounts, hooks, options, (serving) => {
        handler = serving
        return server
      })
      await app.ready()
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      await app?.close()
      server.closeAllConnections()
      await closed
    },
  }
}
