import { createServer, type Server as HttpServer, type RequestListener } from 'node:http'
import { HeddleError } from '@heddle/protocol/base'
import type { FastifyInstance } from 'fastify'
import { createApp, type Mount, type ServerHooks } from './app.ts'
import { BodyMemory } from './body-memory.ts'
import { type ServerOptions, serverDefaults } from './options.ts'

export type ServerSocket = {
  /** Base URL, no slash at the end. */
  readonly url: string
  /** Hands requests to these routes from now on. Called once. */
  serve(mounts: readonly Mount[], hooks: ServerHooks): Promise<void>
  /** Bytes of bodies in memory, and bodies that are held back until there is room for them. */
  bodies(): { readonly heldBytes: number; readonly waiting: number }
  /** Refuses new requests and ends all connections. */
  close(): Promise<void>
}

/** Listening on every address is no address others can use. */
const wildcardHosts = new Set(['0.0.0.0', '::', ''])

/** What a caller hears while the node reads its logs: it is there, but not yet. */
const answerStarting: RequestListener = (_request, response) => {
  const body = '{"error":"the node is starting: try again in a moment","code":"node-starting"}'
  response.writeHead(503, { 'content-type': 'application/json', 'retry-after': '1' }).end(body)
}

/**
 * Connections the system keeps until they are taken, where it allows as many. Beyond Node's own 511 a system under
 * a burst of clients sends SYN cookies, and resets some of those that had connected.
 */
const backlog = 4096

function listen(server: HttpServer, { host, port }: ServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'is taken' : `cannot be had: ${cause.message}`
      const text = `port ${port} on ${host} ${why}; choose another with --port (0: any free one)`
      reject(new HeddleError('port-unavailable', 'unavailable', text, { host, port }, { cause }))
    })
    server.listen({ port, host, backlog }, () => resolve())
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
  const memory = new BodyMemory(options.bodiesBytesMax, options.bodyBytesMax)
  const server = createServer(
    {
      // Node looks for late heads only this often. Bodies have a time limit of their own (`body.ts`),
      // since one that is streamed may take long as long as it goes on.
      connectionsCheckingInterval: Math.min(options.requestTimeoutMs, 5000),
      requestTimeout: 0,
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
      app = createApp(mounts, hooks, options, memory, (serving) => {
        handler = serving
        return server
      })
      await app.ready()
    },
    bodies: () => memory,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      await app?.close()
      server.closeAllConnections()
      await closed
    },
  }
}
