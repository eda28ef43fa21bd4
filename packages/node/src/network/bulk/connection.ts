import type { Socket, Timer } from '../../runtime/index.ts'
import type { BodyPool } from './body-pool.ts'
import { createBudget } from './budget.ts'
import { type ByteReader, createByteReader } from './byte-reader.ts'
import { callTimedOut, connectionLost, frameInvalid } from './errors.ts'
import { decodeHeader, decodeRefusal, type FrameHeader, frameTypes, headerBytes } from './frame.ts'
import { createFrameWriter, type FrameWriter, lengthOf } from './frame-writer.ts'
import { greetServer, type HandshakeFault, type HandshakeParts } from './handshake.ts'
import type { BulkOptions } from './options.ts'

export type BulkReply = {
  readonly meta: Uint8Array
  readonly body: Uint8Array
  /** Lets the body's memory be used again; nobody may look at it any more. Not calling it costs a little. */
  release(): void
}

export type ConnectionParts = HandshakeParts & {
  readonly timer: Pick<Timer, 'after'>
  readonly options: BulkOptions
  readonly bodies: BodyPool
}

type Pending = {
  readonly kind: number
  readonly replyBytesMax: number
  readonly resolve: (reply: BulkReply) => void
  readonly reject: (cause: unknown) => void
}

const empty = new Uint8Array(0)

/** Our end of one connection: requests of many callers, told apart by their ids. */
export class ClientConnection {
  readonly #name: string
  readonly #socket: Socket
  readonly #parts: ConnectionParts
  readonly #reader: ByteReader
  readonly #writer: FrameWriter
  readonly #pending = new Map<number, Pending>()
  readonly #inFlight: ReturnType<typeof createBudget>
  #nextId = 1
  #end: string | undefined

  constructor(name: string, socket: Socket, parts: ConnectionParts) {
    const { timer, options } = parts
    const { stallTimeoutMs } = options
    const onStall = () => this.end(`no progress for ${stallTimeoutMs} ms`)
    this.#name = name
    this.#socket = socket
    this.#parts = parts
    this.#reader = createByteReader(socket, timer, stallTimeoutMs, onStall)
    this.#writer = createFrameWriter(socket, timer, stallTimeoutMs, onStall)
    this.#inFlight = createBudget(options.inFlightBytesPerConnection)
  }

  get isOver(): boolean {
    return this.#end !== undefined
  }

  /** Proves keys, then reads replies until the end; resolves with what was wrong, if anything. */
  async open(pinnedKey: Uint8Array): Promise<HandshakeFault | undefined> {
    const fault = await greetServer(this.#parts, this.#socket, this.#reader, pinnedKey)
    if (fault !== undefined) this.end(fault.why)
    else void this.#readReplies().then((why) => this.end(why))
    return fault
  }

  /** Ends it; whoever waits for a reply hears why. */
  end(why: string): void {
    if (this.#end !== undefined) return
    this.#end = why
    this.#socket.destroy()
    for (const { reject } of this.#pending.values()) reject(connectionLost(this.#name, why))
    this.#pending.clear()
  }

  async call(
    kind: number,
    meta: Uint8Array,
    bodyParts: readonly Uint8Array[],
    signal: AbortSignal,
    replyBytesMax: number,
  ): Promise<BulkReply> {
    const release = await this.#inFlight.take(meta.length + lengthOf(bodyParts), signal)
    const id = this.#nextId
    this.#nextId = (this.#nextId + 1) >>> 0 || 1
    try {
      if (this.#end !== undefined) throw connectionLost(this.#name, this.#end)
      const reply = new Promise<BulkReply>((resolve, reject) => {
        this.#pending.set(id, { kind, replyBytesMax, resolve, reject })
      })
      // Whether or not anybody comes to wait for it.
      reply.catch(() => undefined)
      const frame = { type: frameTypes.request, kind, id, meta, bodyParts }
      await this.#writer.send(frame, signal).catch((cause) => {
        if (signal.aborted) throw signal.reason
        throw connectionLost(this.#name, this.#end ?? String(cause))
      })
      return await this.#waitFor(reply, kind, id, signal)
    } finally {
      this.#pending.delete(id)
      release()
    }
  }

  #waitFor(reply: Promise<BulkReply>, kind: number, id: number, signal: AbortSignal) {
    const { callTimeoutMs } = this.#parts.options
    return new Promise<BulkReply>((resolve, reject) => {
      const settle = () => {
        disarm()
        signal.removeEventListener('abort', onAbort)
      }
      const giveUp = (cause: unknown) => {
        settle()
        reject(cause)
        const cancel = { type: frameTypes.cancel, kind, id, meta: empty, bodyParts: [] }
        if (!this.isOver) this.#writer.send(cancel).catch(() => undefined)
      }
      const onAbort = () => giveUp(signal.reason)
      const disarm = this.#parts.timer.after(callTimeoutMs, () =>
        giveUp(callTimedOut(this.#name, callTimeoutMs)),
      )
      if (signal.aborted) return onAbort()
      signal.addEventListener('abort', onAbort, { once: true })
      reply.then(resolve, reject).finally(settle)
    })
  }

  async #readReplies(): Promise<string> {
    const { idleTimeoutMs } = this.#parts.options
    const onIdle = () => {
      if (this.#pending.size === 0) this.end('idle')
    }
    while (await this.#reader.waitForByte(idleTimeoutMs, onIdle)) {
      const head = await this.#reader.take(headerBytes)
      if (head === undefined) break
      const header = decodeHeader(head)
      const fault = typeof header === 'string' ? header : this.#faultOf(header)
      if (fault !== undefined || typeof header === 'string') {
        return frameInvalid(this.#name, fault ?? '').message
      }
      if (!(await this.#takeReply(header))) break
    }
    return 'closed by the peer'
  }

  #faultOf({ type, id, kind, metaBytes, bodyBytes }: FrameHeader): string | undefined {
    const { metaBytesMax, bodyBytesMax } = this.#parts.options
    if (type !== frameTypes.reply && type !== frameTypes.refusal) return `type ${type}`
    if (metaBytes > metaBytesMax || bodyBytes > bodyBytesMax) return 'a frame beyond the limits'
    const pending = this.#pending.get(id)
    if (pending === undefined) return undefined
    if (bodyBytes > pending.replyBytesMax) return `${bodyBytes} bytes, more than can be an answer`
    return pending.kind === kind ? undefined : `kind ${kind}`
  }

  async #takeReply({ type, id, metaBytes, bodyBytes }: FrameHeader): Promise<boolean> {
    // Nobody waits for it any more: it is read past and never held.
    if (!this.#pending.has(id)) return this.#reader.skip(metaBytes + bodyBytes)
    const meta = await this.#reader.take(metaBytes)
    if (meta === undefined) return false
    const { bodies } = this.#parts
    const body = bodies.take(bodyBytes)
    if (!(await this.#reader.fill(body))) return false
    const pending = this.#pending.get(id)
    if (type === frameTypes.reply)
      pending?.resolve({ meta, body, release: once(() => bodies.giveBack(body)) })
    else pending?.reject(decodeRefusal(meta, this.#name))
    return true
  }
}

/** Given back twice, two replies would share it. */
function once(run: () => void): () => void {
  let isDone = false
  return () => {
    if (!isDone) run()
    isDone = true
  }
}
