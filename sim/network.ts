import { encodeText } from '@heddle/protocol/base'
import type { Dice } from './dice.ts'
import type { EventLog } from './event-log.ts'
import type { Life, VirtualTime } from './virtual-time.ts'

export type Call = {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly body: Uint8Array
}

export type Reply = { readonly status: number; readonly body: Uint8Array }

type Listener = { readonly life: Life; answer(call: Call): Promise<Reply> }

/** Chances per call, each way where there are two. */
export type Weather = {
  readonly loss: number
  /** The request arrives twice. */
  readonly repeat: number
  /** The connection is reset at once, instead of silence. */
  readonly reset: number
  readonly delayMsMax: number
}

export const fair: Weather = { loss: 0, repeat: 0, reset: 0, delayMsMax: 2 }

/**
 * Carries calls between nodes, and from users to nodes. A request and its reply are two events, each of
 * which may be lost, late and, the request, doubled; delays differ, so calls overtake each other. A
 * partition stops what is on its way when it arrives.
 */
export class Network {
  weather: Weather = fair
  readonly #time: VirtualTime
  readonly #dice: Dice
  readonly #log: EventLog
  readonly #listeners = new Map<string, Listener>()
  readonly #cuts = new Set<string>()
  #calls = 0

  constructor(time: VirtualTime, dice: Dice, log: EventLog) {
    this.#time = time
    this.#dice = dice
    this.#log = log
  }

  listen(host: string, listener: Listener): void {
    this.#listeners.set(host, listener)
  }

  cut(a: string, b: string): void {
    this.#cuts.add(pair(a, b))
  }

  mend(a: string, b: string): void {
    this.#cuts.delete(pair(a, b))
  }

  mendAll(): void {
    this.#cuts.clear()
  }

  /** Rejects where it can be told that the call failed; where it cannot, only `signal` ends it. */
  call(from: string, to: string, call: Call, signal: AbortSignal): Promise<Reply> {
    const name = `call ${++this.#calls} ${from}→${to} ${call.method} ${call.url}`
    const { loss, repeat, reset } = this.weather
    const fate = { lost: this.#dice.chance(loss), reset: this.#dice.chance(reset) }
    const copies = this.#dice.chance(repeat) ? 2 : 1
    return new Promise((resolve, reject) => {
      const fail = (what: string) => {
        this.#log.add(`${name}: ${what}`)
        reject(new TypeError('fetch failed', { cause: new Error(what) }))
      }
      if (signal.aborted) return fail('given up')
      signal.addEventListener('abort', () => fail('given up'), { once: true })
      if (fate.lost) return fate.reset ? this.#soon(() => fail('reset')) : undefined
      for (let copy = 0; copy < copies; copy++) {
        this.#soon(() => this.#arrive(name, from, to, call, resolve, fail))
      }
    })
  }

  /** What a room calls `fetch`: the parts of it that rooms use, and no more. */
  fetchOf(from: string, life: Life): typeof globalThis.fetch {
    return async (input, init) => {
      const url = new URL(String(input))
      const given = init?.body
      const body = typeof given === 'string' ? encodeText(given) : given
      const call = {
        method: init?.method ?? 'GET',
        url: url.pathname + url.search,
        body: body instanceof Uint8Array ? body.slice() : new Uint8Array(0),
      }
      const signal = init?.signal ?? new AbortController().signal
      const reply = await this.call(from, url.hostname, call, signal)
      if (life.isOver) return new Promise(() => undefined)
      return responseOf(url.href, reply)
    }
  }

  #arrive(
    name: string,
    from: string,
    to: string,
    call: Call,
    resolve: (reply: Reply) => void,
    fail: (what: string) => void,
  ): void {
    const listener = this.#listeners.get(to)
    if (this.#cuts.has(pair(from, to))) {
      this.#log.add(`${name}: cut off`)
      return
    }
    if (listener === undefined || listener.life.isOver) {
      fail('refused')
      return
    }
    const { loss } = this.weather
    void listener.answer(call).then((reply) => {
      if (listener.life.isOver) return
      this.#log.add(`${name}: ${reply.status}`)
      if (this.#dice.chance(loss)) return
      this.#soon(() => {
        if (!this.#cuts.has(pair(from, to))) resolve(reply)
      })
    })
  }

  #soon(run: () => void): void {
    this.#time.after(this.#dice.between(0.1, this.weather.delayMsMax), run)
  }
}

function pair(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`
}

/**
 * Of `Response` only what the messenger reads: the real one brings streams of its own, whose steps are
 * not all microtasks.
 */
function responseOf(url: string, { status, body }: Reply): Response {
  const parts = {
    async *[Symbol.asyncIterator]() {
      yield body
    },
    cancel: async () => undefined,
  }
  return { url, status, headers: new Headers(), body: parts } as unknown as Response
}
