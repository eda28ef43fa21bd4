import { encodeBase64Url, HeddleError } from '@heddle/protocol/base'
import type { Socket, Sockets, Timer } from '../../runtime/index.ts'
import { type BodyPool, createBodyPool, newBody } from './body-pool.ts'
import { createBudget } from './budget.ts'
import { createByteReader } from './byte-reader.ts'
import { frameTooLong, laneClosed } from './errors.ts'
import { decodeHeader, encodeRefusal, type FrameHeader, frameTypes, headerBytes } from './frame.ts'
import { createFrameWriter, type FrameWriter, lengthOf } from './frame-writer.ts'
import { greetClient, type HandshakeParts } from './handshake.ts'
import { type BulkOptions, bulkDefaults } from './options.ts'

/** Who asks: a key it proved to have, base64url, and its address. */
export type BulkCaller = { readonly publicKey: string; readonly remote: string }

/**
 * Answers one request; what it throws the caller hears. `signal` says that nobody waits any more. The
 * body's memory is used again once the answer has left: what is to stay must be copied.
 */
export type BulkHandler = (
  kind: number,
  meta: Uint8Array,
  body: Uint8Array,
  peer: BulkCaller,
  signal: AbortSignal,
) => Promise<{ readonly meta: Uint8Array; readonly bodyParts: readonly Uint8Array[] }>

export type BulkServerDeps = HandshakeParts & {
  readonly sockets: Pick<Sockets, 'listen'>
  readonly timer: Pick<Timer, 'after'>
  readonly handle: BulkHandler
  /** Which keys may call; all unless told. */
  readonly allow?: (publicKey: Uint8Array) => boolean
  /** Hears what a handler threw that was not a HeddleError. */
  readonly onInternalError: (error: unknown) => void
}

export type BulkServer = {
  readonly port: number
  /** Takes nothing new, lets what is being answered end, then ends all connections. */
  close(): Promise<void>
}

/** Budgets that all connections share. */
type Shared = {
  readonly deps: BulkServerDeps
  readonly options: BulkOptions
  readonly bytes: ReturnType<typeof createBudget>
  readonly requests: ReturnType<typeof createBudget>
  readonly bodies: BodyPool
  readonly closing: AbortSignal
}

/** Listens for peers. Rejects with the system's error where the port cannot be had. */
export async function openBulkServer(
  deps: BulkServerDeps,
  at: { readonly host: string; readonly port: number },
  given: Partial<BulkOptions> = {},
): Promise<BulkServer> {
  const options = { ...bulkDefaults, ...given }
  const closing = new AbortController()
  const shared: Shared = {
    deps,
    options,
    bytes: createBudget(options.inFlightBytesMax),
    requests: createBudget(options.requestsMax),
    bodies: createBodyPool(options.keptBytesMax),
    closing: closing.signal,
  }
  const served = new Set<ServerConnection>()
  const { connectionsMax } = options
  const listening = await deps.sockets.listen({ ...at, connectionsMax }, (socket) => {
    if (closing.signal.aborted) return socket.destroy()
    const connection = new ServerConnection(socket, shared)
    served.add(connection)
    connection.serve().finally(() => served.delete(connection))
  })
  return {
    port: listening.port,
    async close() {
      closing.abort(laneClosed())
      const closed = listening.close()
      await Promise.all([...served].map((connection) => connection.finish()))
      await closed
    },
  }
}

class ServerConnection {
  readonly #socket: Socket
  readonly #shared: Shared
  readonly #writer: FrameWriter
  readonly #running = new Map<number, AbortController>()
  readonly #answers = new Set<Promise<void>>()
  readonly #bytes: ReturnType<typeof createBudget>
  readonly #requests: ReturnType<typeof createBudget>

  constructor(socket: Socket, shared: Shared) {
    const { deps, options } = shared
    this.#socket = socket
    this.#shared = shared
    this.#writer = createFrameWriter(socket, deps.timer, options.stallTimeoutMs, () =>
      socket.destroy(),
    )
    this.#bytes = createBudget(options.inFlightBytesPerConnection)
    this.#requests = createBudget(options.requestsPerConnection)
  }

  /** Runs until the connection is over; never rejects. */
  async serve(): Promise<void> {
    try {
      await this.#converse()
    } catch {
      // A peer that breaks off or a lane that closes: there is nobody left to tell.
    } finally {
      this.#socket.destroy()
      for (const gone of this.#running.values()) gone.abort(new Error('the peer is gone'))
    }
  }

  /** Ends the connection once what runs has answered, or has had its time. */
  async finish(): Promise<void> {
    const { deps, options } = this.#shared
    await new Promise<void>((resolve) => {
      const cancel = deps.timer.after(options.stallTimeoutMs, resolve)
      Promise.all(this.#answers).then(() => {
        cancel()
        resolve()
      })
    })
    this.#socket.destroy()
  }

  async #converse(): Promise<void> {
    const { deps, options } = this.#shared
    const end = () => this.#socket.destroy()
    const reader = createByteReader(this.#socket, deps.timer, options.stallTimeoutMs, end)
    const cancel = deps.timer.after(options.handshakeTimeoutMs, end)
    const allow = deps.allow ?? (() => true)
    const key = await greetClient(deps, this.#socket, reader, allow).finally(cancel)
    if (key === undefined) return
    const caller = { publicKey: encodeBase64Url(key), remote: this.#socket.remote }
    const onIdle = () => {
      if (this.#running.size === 0) end()
    }
    // A client gives up idle connections first, so that none dies under a request.
    while (await reader.waitForByte(2 * options.idleTimeoutMs, onIdle)) {
      const head = await reader.take(headerBytes)
      const header = head === undefined ? undefined : decodeHeader(head)
      if (header === undefined || typeof header === 'string' || this.#isFault(header)) return
      if (header.type === frameTypes.cancel) {
        this.#running.get(header.id)?.abort(new Error('the caller gave up'))
        continue
      }
      const release = await this.#admit(header)
      const { bodies } = this.#shared
      const [meta, body] = [newBody(header.metaBytes), bodies.take(header.bodyBytes)]
      if (!(await reader.fill(meta)) || !(await reader.fill(body))) return release()
      this.#begin(header, meta, body, caller, () => {
        bodies.giveBack(body)
        release()
      })
    }
  }

  #isFault({ type, id, metaBytes, bodyBytes }: FrameHeader): boolean {
    const { metaBytesMax, bodyBytesMax } = this.#shared.options
    if (type === frameTypes.cancel) return metaBytes + bodyBytes > 0
    const isRequest = type === frameTypes.request && !this.#running.has(id)
    return !isRequest || metaBytes > metaBytesMax || bodyBytes > bodyBytesMax
  }

  /** Waits until there is room for a request; the socket is not read meanwhile, so its peer waits. */
  async #admit({ metaBytes, bodyBytes }: FrameHeader): Promise<() => void> {
    const { bytes, requests, closing } = this.#shared
    const held: (() => void)[] = []
    const release = () => {
      for (const giveBack of held) giveBack()
    }
    try {
      held.push(await this.#requests.take(1, closing))
      held.push(await requests.take(1, closing))
      held.push(await this.#bytes.take(metaBytes + bodyBytes, closing))
      held.push(await bytes.take(metaBytes + bodyBytes, closing))
      return release
    } catch (error) {
      release()
      throw error
    }
  }

  #begin(
    header: FrameHeader,
    meta: Uint8Array,
    body: Uint8Array,
    caller: BulkCaller,
    release: () => void,
  ): void {
    const gone = new AbortController()
    this.#running.set(header.id, gone)
    const answer = this.#answer(header, meta, body, caller, gone.signal).finally(() => {
      this.#running.delete(header.id)
      this.#answers.delete(answer)
      release()
    })
    this.#answers.add(answer)
  }

  /** Handles and replies; never rejects. */
  async #answer(
    { kind, id }: FrameHeader,
    meta: Uint8Array,
    body: Uint8Array,
    caller: BulkCaller,
    signal: AbortSignal,
  ): Promise<void> {
    const { deps, options } = this.#shared
    try {
      const reply = await deps.handle(kind, meta, body, caller, signal)
      const bodyBytes = lengthOf(reply.bodyParts)
      if (bodyBytes > options.bodyBytesMax) {
        throw frameTooLong('body', bodyBytes, options.bodyBytesMax)
      }
      if (signal.aborted) return
      // A peer that takes its replies slowly is asked nothing more of meanwhile.
      const claimed = [this.#bytes, this.#shared.bytes].map((budget) => budget.claim(bodyBytes))
      await this.#send({ ...reply, type: frameTypes.reply, kind, id })
      for (const giveBack of claimed) giveBack()
    } catch (error) {
      if (!(error instanceof HeddleError) && !signal.aborted) deps.onInternalError(error)
      const refusal = { meta: encodeRefusal(error), bodyParts: [] }
      if (!signal.aborted) await this.#send({ ...refusal, type: frameTypes.refusal, kind, id })
    }
  }

  /** A peer that is gone needs no answer. */
  #send(frame: Parameters<FrameWriter['send']>[0]): Promise<void> {
    return this.#writer.send(frame).catch(() => undefined)
  }
}
