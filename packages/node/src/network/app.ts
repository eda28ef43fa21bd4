import type { Server as HttpServer, RequestListener } from 'node:http'
import { encodeBase64Url, HeddleError, isHeddleError } from '@heddle/protocol/base'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { busyRetrySeconds, collectBody, hasBody } from './body.ts'
import type { BodyMemory } from './body-memory.ts'
import { drainBody } from './drain.ts'
import type { ServerOptions } from './options.ts'
import { replyError } from './reply.ts'
import { ArrivedRequest, emptyBody } from './request.ts'
import type { Route, RouteReply } from './route.ts'
import { sendStream } from './stream-reply.ts'

/** A room's routes and the path they live under (`''` for the root). */
export type Mount = {
  readonly prefix: string
  readonly routes: readonly Route[]
  /** Who answers, for metrics and the HTTP reference. */
  readonly room?: string
}

/** One request that has its answer. */
export type Answered = {
  /** `x-request-id`: the caller's own, or one made here. */
  readonly id: string
  readonly room: string
  readonly method: string
  /** Path of the route, parameters by name; `` where there is none. */
  readonly route: string
  readonly status: number
  /** Until the last byte was handed to the system. */
  readonly elapsedMs: number
}

export type ServerHooks = {
  /** Called with whatever a route threw that was not a HeddleError. */
  onInternalError(error: unknown, request: { id: string; method: string; url: string }): void
  onAnswered?(answered: Answered): void
}

/** What a page of another origin may read of an answer, and what it may send (Fetch §3.3.3). */
const corsHeaders = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': '*',
}
const preflightHeaders = {
  'access-control-allow-methods': 'GET, HEAD, POST, PUT, DELETE, OPTIONS',
  'access-control-allow-headers': '*',
}
/** Names of requests that are taken from callers: no spaces, nothing a log would need to escape. */
const requestIdPattern = /^[\w.:/+=-]{1,128}$/

function send(reply: FastifyReply, answer: RouteReply, onBroken: OnBroken): FastifyReply {
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
  if (isStream(body)) return sendStream(reply, body, onBroken)
  return reply.header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(body))
}

async function drainRest(
  request: FastifyRequest,
  reply: FastifyReply,
  options: ServerOptions,
): Promise<void> {
  if (!(await drainBody(request.raw, options))) closeAfter(request, reply)
}

function endUnread({ raw }: FastifyRequest): void {
  // One without a body is complete though nobody read to its end; its connection goes on.
  if (!raw.complete) raw.destroy()
}

function takesBody({ method, raw }: FastifyRequest): boolean {
  return method !== 'GET' && method !== 'HEAD' && hasBody(raw)
}

/** A request as the log names it. */
function named({ id, method, url }: FastifyRequest) {
  return { id, method, url }
}

function closeAfter(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.raw.once('finish', () => request.raw.destroy())
  return reply.header('connection', 'close')
}

/** Told when a streamed answer breaks off: its status is long gone. */
type OnBroken = (error: unknown) => void

function isStream(body: unknown): body is AsyncIterable<Uint8Array> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body
}

/** Fastify's own refusals (a malformed request) in our shape of error. */
function edgeError(error: unknown): unknown {
  if (error instanceof HeddleError) return error
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined
  if (error instanceof Error && typeof status === 'number' && status < 500) {
    return new HeddleError('request-invalid', 'invalid', error.message)
  }
  return error
}

function mount(
  app: FastifyInstance,
  { prefix, routes, room = 'other' }: Mount,
  options: ServerOptions,
  memory: BodyMemory,
  hooks: ServerHooks,
): void {
  for (const route of routes) {
    const config = { room }
    const answerRequest = async (
      request: FastifyRequest,
      reply: FastifyReply,
      body: Uint8Array | undefined,
    ) => {
      const answer = await route.handle(new ArrivedRequest(request, reply, prefix, body, options))
      // An answer that is a stream may still be reading the request.
      if (isStream(answer.body)) reply.raw.once('finish', () => endUnread(request))
      else if (!request.raw.readableEnded) await drainRest(request, reply, options)
      return send(reply, answer, (error) => hooks.onInternalError(error, named(request)))
    }
    const handler = async (request: FastifyRequest, reply: FastifyReply) => {
      if (route.body === 'stream') return answerRequest(request, reply, undefined)
      if (!takesBody(request)) return answerRequest(request, reply, emptyBody)
      const share = { heldBytes: 0 }
      const release = () => memory.release(share)
      try {
        const body = await collectBody(request.raw, options, memory, share)
        return await answerRequest(request, reply, body)
      } finally {
        // An answer may refer to the body until the last of it has left.
        if (reply.raw.closed) release()
        else reply.raw.once('close', release)
      }
    }
    const url = `${prefix}${route.path}`
    app.route({ method: route.method, url, handler, config, exposeHeadRoute: false })
    // Clients use a unit's URL verbatim, with and without the slash at its end.
    if (route.path === '/' && prefix !== '') {
      app.route({ method: route.method, url: prefix, handler, config, exposeHeadRoute: false })
    }
  }
}

/** The routes of all mounts as one fastify application on a server of the caller's. */
export function createApp(
  mounts: readonly Mount[],
  hooks: ServerHooks,
  options: ServerOptions,
  memory: BodyMemory,
  serverFactory: (handler: RequestListener) => HttpServer,
): FastifyInstance {
  const run = encodeBase64Url(options.random.bytes(6))
  let requests = 0
  const app = fastify({
    bodyLimit: options.bodyBytesMax,
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: false, maxParamLength: 8192 },
    serverFactory,
    genReqId({ headers }) {
      const given = headers['x-request-id']
      if (typeof given === 'string' && requestIdPattern.test(given)) return given
      return `${run}-${++requests}`
    },
  })
  app.removeAllContentTypeParsers()
  // Bodies are read where they are counted.
  app.addContentTypeParser('*', (_request, _body, done) => done(null))
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(corsHeaders).header('x-request-id', request.id)
    if (request.method === 'OPTIONS') reply.headers(preflightHeaders).code(204).send()
    else done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    const { method, id, routeOptions } = request
    const { room = 'other' } = (routeOptions.config ?? {}) as { room?: string }
    const { statusCode: status, elapsedTime: elapsedMs } = reply
    hooks.onAnswered?.({ id, room, method, route: routeOptions.url ?? '', status, elapsedMs })
    done()
  })
  app.setErrorHandler(async (error, request, reply) => {
    const seen = edgeError(error)
    if (!(seen instanceof HeddleError)) {
      hooks.onInternalError(seen, named(request))
    }
    const answer = replyError(seen)
    const onBroken = () => {}
    if (isHeddleError(seen, 'request-timeout')) {
      return send(closeAfter(request, reply), { ...answer, status: 408 }, onBroken)
    }
    if (isHeddleError(seen, 'bodies-busy')) reply.header('retry-after', String(busyRetrySeconds))
    const isTooLarge = isHeddleError(seen, 'body-too-large')
    await drainRest(request, reply, options)
    return send(reply, isTooLarge ? { ...answer, status: 413 } : answer, onBroken)
  })
  app.setNotFoundHandler(async (request, reply) => {
    const text = `no route ${request.method} ${request.url.split('?')[0]}: see the HTTP reference`
    if (takesBody(request)) await drainRest(request, reply, options)
    return send(reply, replyError(new HeddleError('route-unknown', 'missing', text)), () => {})
  })
  for (const entry of mounts) mount(app, entry, options, memory, hooks)
  return app
}
