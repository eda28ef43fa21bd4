import type { ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { noBytes, streamBody } from './body.ts'
import type { ServerOptions } from './options.ts'
import type { RouteRequest } from './route.ts'

export const emptyBody = new Uint8Array(0)

/** A request as routes see it. What most of them never ask for is made when it is asked for. */
export class ArrivedRequest implements RouteRequest {
  readonly params: Readonly<Record<string, string>>
  readonly body: Uint8Array
  readonly stream: AsyncIterable<Uint8Array>
  readonly url: string
  readonly method: string
  readonly peer: string
  readonly #request: FastifyRequest
  readonly #response: ServerResponse
  #query: URLSearchParams | undefined
  #headers: Record<string, string> | undefined
  #signal: AbortSignal | undefined

  constructor(
    request: FastifyRequest,
    reply: FastifyReply,
    prefix: string,
    /** Undefined for a route that takes it as a stream. */
    body: Uint8Array | undefined,
    options: ServerOptions,
  ) {
    this.#request = request
    this.#response = reply.raw
    this.params = request.params as Record<string, string>
    this.body = body ?? emptyBody
    this.stream = body === undefined ? streamBody(request.raw, options) : noBytes()
    this.url = request.url.slice(prefix.length) || '/'
    this.method = request.method
    this.peer = request.ip
  }

  get query(): URLSearchParams {
    const mark = this.url.indexOf('?')
    this.#query ??= new URLSearchParams(mark < 0 ? '' : this.url.slice(mark + 1))
    return this.#query
  }

  get headers(): Readonly<Record<string, string>> {
    this.#headers ??= singleHeaders(this.#request)
    return this.#headers
  }

  get signal(): AbortSignal {
    this.#signal ??= abortedWhenGone(this.#response)
    return this.#signal
  }
}

function singleHeaders(request: FastifyRequest): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return headers
}

function abortedWhenGone(response: ServerResponse): AbortSignal {
  const gone = new AbortController()
  const leave = () => {
    if (!response.writableFinished) gone.abort(new Error('the caller went away'))
  }
  // One that left before anybody asked does not leave again.
  if (response.closed) leave()
  else response.once('close', leave)
  return gone.signal
}
