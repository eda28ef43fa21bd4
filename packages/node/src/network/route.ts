/** A request as a room sees it: no framework, no socket. */
export type RouteRequest = {
  /** Path parameters by name (`/result/:id` gives `id`); `*` is the rest of the path. */
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** Empty for a route that takes its body as a stream. */
  readonly body: Uint8Array
  /** The body as it comes, for routes that say `body: 'stream'`; empty otherwise. */
  readonly stream: AsyncIterable<Uint8Array>
  /** Path and query as sent, without the mount prefix. */
  readonly url: string
  readonly method: string
  /** The caller's address, for limits. */
  readonly peer: string
  /** Aborted when the caller goes away. */
  readonly signal: AbortSignal
}

/**
 * Bytes and text go out as they are, an `AsyncIterable<Uint8Array>` as it comes and at the reader's
 * pace: a part is handed to the system before the next is asked for (`return()` is called when the
 * reader leaves); anything else as JSON.
 */
export type RouteReply = {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** One line of a room's route table; `main/` mounts tables under their prefix. */
export type Route = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD'
  /** Fastify's path syntax. */
  readonly path: string
  /** `stream`: the body is not collected first, and has no limit but the route's own. */
  readonly body?: 'buffer' | 'stream'
  handle(request: RouteRequest): RouteReply | Promise<RouteReply>
}
