import { decodeText, errorMessage, isHeddleError } from '@heddle/protocol/base'
import type { Clock, Timer } from '../runtime/index.ts'
import { nodeUnreachable, urlRefused } from './errors.ts'
import type { MessengerOptions } from './options.ts'

export type Answer = {
  readonly status: number
  /** The body as JSON, or undefined where it is none. */
  readonly json: unknown
  /** Where the answer came from, after redirects. */
  readonly url: string
}

type Call = {
  readonly method: 'GET' | 'POST'
  readonly body?: Uint8Array | string
  readonly contentType?: string
}

type OutboundOptions = Pick<
  MessengerOptions,
  'requestTimeoutMs' | 'replyBytesMax' | 'redirectsMax' | 'nodePauseMs' | 'nodePauseCapMs'
>

const closingText = 'the messenger is closing'
const redirects = new Set([301, 302, 307, 308])
/** Failing nodes remembered. */
const failingMax = 1000

type Failing = { failures: number; untilMs: number; probing: boolean }

/**
 * Calls other nodes, within limits of time, size and hops. Calls to a node that just failed fail at
 * once, or one dead neighbour would take all the places there are for calls.
 */
export class Outbound {
  readonly #fetch: typeof globalThis.fetch
  readonly #runtime: { readonly timer: Timer; readonly clock: Clock }
  readonly #options: OutboundOptions
  readonly #underWay = new Set<AbortController>()
  #closed = false
  readonly #failing = new Map<string, Failing>()

  constructor(
    fetch: typeof globalThis.fetch,
    runtime: { readonly timer: Timer; readonly clock: Clock },
    options: OutboundOptions,
  ) {
    this.#fetch = fetch
    this.#runtime = runtime
    this.#options = options
  }

  /**
   * Sends one call and follows redirects, the body along. Gives any answer that is in form, whatever
   * its status; throws `node-unreachable` or `url-refused` (both unavailable) otherwise.
   */
  async call(url: string, call: Call): Promise<Answer> {
    checkUrl(url)
    if (this.#closed) throw nodeUnreachable(url, closingText)
    const { origin } = new URL(url)
    const failing = this.#failing.get(origin)
    if (failing !== undefined) {
      if (failing.probing || this.#runtime.clock.elapsedMs() < failing.untilMs) {
        throw nodeUnreachable(url, 'it failed a moment ago')
      }
      failing.probing = true
    }
    try {
      const answer = await this.#timed(url, call)
      this.#failing.delete(origin)
      return answer
    } catch (error) {
      this.#noteFailure(origin)
      throw isHeddleError(error) ? error : nodeUnreachable(url, causeOf(error))
    }
  }

  /** Ends all calls under way, and refuses new ones. */
  close(): void {
    this.#closed = true
    for (const call of this.#underWay) call.abort(new Error(closingText))
  }

  async #timed(url: string, call: Call): Promise<Answer> {
    // Held here, and not joined by `AbortSignal.any`: nothing else keeps a joined signal alive.
    const underWay = new AbortController()
    this.#underWay.add(underWay)
    const { requestTimeoutMs } = this.#options
    const stop = () => underWay.abort(new Error(`no answer within ${requestTimeoutMs} ms`))
    const cancel = this.#runtime.timer.after(requestTimeoutMs, stop)
    try {
      return await this.#follow(url, call, underWay.signal)
    } finally {
      cancel()
      this.#underWay.delete(underWay)
    }
  }

  #noteFailure(origin: string): void {
    const { nodePauseMs, nodePauseCapMs } = this.#options
    const nowMs = this.#runtime.clock.elapsedMs()
    const before = this.#failing.get(origin)
    // Many calls that were under way together fail as one.
    if (before !== undefined && !before.probing && nowMs < before.untilMs) return
    const failures = (before?.failures ?? 0) + 1
    const untilMs = nowMs + Math.min(nodePauseMs * 2 ** Math.min(failures - 1, 20), nodePauseCapMs)
    this.#failing.delete(origin)
    this.#failing.set(origin, { failures, untilMs, probing: false })
    if (this.#failing.size > failingMax) {
      const oldest = this.#failing.keys().next().value
      if (oldest !== undefined) this.#failing.delete(oldest)
    }
  }

  async #follow(from: string, call: Call, signal: AbortSignal): Promise<Answer> {
    let url = from
    for (let hops = 0; hops <= this.#options.redirectsMax; hops++) {
      checkUrl(url)
      const reply = await this.#fetch(url, {
        method: call.method,
        redirect: 'manual',
        signal,
        headers: {
          accept: 'application/json',
          ...(call.contentType === undefined ? {} : { 'content-type': call.contentType }),
        },
        // fetch's type wants a plain ArrayBuffer behind the view; a shared one never gets here.
        ...(call.body === undefined ? {} : { body: call.body as string | Uint8Array<ArrayBuffer> }),
      })
      const location = redirects.has(reply.status) ? reply.headers.get('location') : null
      if (location === null) return { status: reply.status, json: await this.#json(reply), url }
      await reply.body?.cancel()
      url = resolveUrl(location, url)
    }
    throw nodeUnreachable(from, `more than ${this.#options.redirectsMax} redirects`)
  }

  async #json(reply: Response): Promise<unknown> {
    const { replyBytesMax } = this.#options
    const parts: Uint8Array[] = []
    let length = 0
    if (reply.body !== null) {
      for await (const part of reply.body) {
        length += part.length
        if (length > replyBytesMax) {
          throw nodeUnreachable(reply.url, `the answer exceeds ${replyBytesMax} bytes`)
        }
        parts.push(part)
      }
    }
    try {
      return JSON.parse(decodeText(Buffer.concat(parts)))
    } catch {
      return undefined
    }
  }
}

/**
 * Announced URLs are anybody's text. Only http and https are called; private addresses are legal (local
 * networks), link-local ones are not: cloud machines hand out their credentials there.
 */
function checkUrl(text: string): void {
  const url = URL.parse(text)
  if (url === null) throw urlRefused(text, 'it is no URL')
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw urlRefused(text, 'only http and https are called')
  }
  if (url.username !== '' || url.password !== '') throw urlRefused(text, 'it carries a password')
  const host = url.hostname.toLowerCase()
  if (/^169\.254\.|^\[fe[89ab]|^\[::ffff:a9fe:/.test(host)) {
    throw urlRefused(text, 'link-local addresses are not called')
  }
}

function resolveUrl(location: string, base: string): string {
  const url = URL.parse(location, base)
  if (url === null) throw urlRefused(location, 'the redirect is no URL')
  return url.href
}

/** fetch hides the reason ("connection refused") in the cause. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  return cause === undefined ? errorMessage(error) : errorMessage(cause)
}
