import { createRuntime, type Random, type Timer } from '../runtime/index.ts'

export type ServerOptions = {
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
  /** Largest request body taken, bytes. AO's units take 10 MiB. */
  readonly bodyBytesMax: number
  /**
   * Bytes of bodies in memory, of all requests that are read or answered: beyond that they are left in
   * their sockets, and answered 503 where that takes longer than a request may. Streams are not counted.
   */
  readonly bodiesBytesMax: number
  /**
   * A head or a body that takes longer to arrive is answered 408; a body read as a stream may take as
   * long as it likes, but not stand still for longer than this.
   */
  readonly requestTimeoutMs: number
  /** Idle time after which a kept-alive connection is closed. */
  readonly keepAliveTimeoutMs: number
  readonly connectionsMax: number
  readonly timer: Timer
  /** For the ids of requests. */
  readonly random: Random
}

const runtime = createRuntime()

export const serverDefaults: ServerOptions = {
  host: '127.0.0.1',
  port: 4000,
  bodyBytesMax: 10 * 1024 * 1024,
  bodiesBytesMax: 256 * 1024 * 1024,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 65_000,
  connectionsMax: 10_000,
  timer: runtime.timer,
  random: runtime.random,
}
