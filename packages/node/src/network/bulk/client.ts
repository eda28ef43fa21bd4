import { encodeBase64Url, HeddleError } from '@heddle/protocol/base'
import type { Clock, Sockets, Timer } from '../../runtime/index.ts'
import { createBodyPool } from './body-pool.ts'
import { createBudget } from './budget.ts'
import { type BulkReply, ClientConnection } from './connection.ts'
import {
  connectionLost,
  frameTooLong,
  laneClosed,
  peerUnreachable,
  peerUntrusted,
} from './errors.ts'
import { lengthOf } from './frame-writer.ts'
import type { HandshakeParts } from './handshake.ts'
import { type BulkOptions, bulkDefaults } from './options.ts'

/** A peer of the lane: where it listens, and the key it must prove to have. */
export type BulkPeer = {
  readonly host: string
  readonly port: number
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array
}

export type BulkClientDeps = HandshakeParts & {
  readonly sockets: Pick<Sockets, 'connect'>
  readonly timer: Pick<Timer, 'after'>
  readonly clock: Pick<Clock, 'elapsedMs'>
}

export type BulkClient = {
  /**
   * Sends a request and resolves with the reply. `bodyParts` are sent from where they lie and may change
   * again once the promise settles. A reply with a longer body than `replyBytesMax` ends the connection
   * before there is memory for it. Rejects with what the peer refused, `bulk-peer-unreachable`,
   * `bulk-peer-untrusted`, `bulk-connection-lost`, `bulk-call-timed-out` or the signal's reason.
   */
  call(
    peer: BulkPeer,
    kind: number,
    meta: Uint8Array,
    bodyParts: readonly Uint8Array[],
    signal?: AbortSignal,
    replyBytesMax?: number,
  ): Promise<BulkReply>
  /** Ends all connections; calls that wait reject. */
  close(): void
}

/** What is known of one peer while the lane is open. */
type PeerState = {
  opening: Promise<ClientConnection> | undefined
  failures: number
  retryAtMs: number
  lastFault: unknown
}

const never = new AbortController().signal
/** A connection that was there may have ended meanwhile; one that ends at once is no connection. */
const triesMax = 3

/** Connects to peers as they are called; one connection each, opened again when it broke. */
export function openBulkClient(deps: BulkClientDeps, given: Partial<BulkOptions> = {}): BulkClient {
  const options = { ...bulkDefaults, ...given }
  const states = new Map<string, PeerState>()
  const open = new Set<ClientConnection>()
  const inFlight = createBudget(options.inFlightBytesMax)
  const bodies = createBodyPool(options.keptBytesMax)
  const closing = new AbortController()
  const connect = async (name: string, peer: BulkPeer): Promise<ClientConnection> => {
    const late = new AbortController()
    const cancel = deps.timer.after(options.handshakeTimeoutMs, () =>
      late.abort(new Error(`no handshake within ${options.handshakeTimeoutMs} ms`)),
    )
    try {
      const signal = AbortSignal.any([late.signal, closing.signal])
      const socket = await deps.sockets.connect(peer.host, peer.port, signal)
      const connection = new ClientConnection(name, socket, { ...deps, options, bodies })
      const onLate = () => connection.end('no handshake in time')
      signal.addEventListener('abort', onLate, { once: true })
      const fault = await connection.open(peer.publicKey)
      signal.removeEventListener('abort', onLate)
      signal.throwIfAborted()
      if (fault?.blames === 'key') throw peerUntrusted(name, fault.why)
      if (fault !== undefined) throw connectionLost(name, fault.why)
      for (const each of open) if (each.isOver) open.delete(each)
      open.add(connection)
      return connection
    } finally {
      cancel()
    }
  }
  const begin = async (name: string, peer: BulkPeer, state: PeerState) => {
    const pauseMs = state.retryAtMs - deps.clock.elapsedMs()
    if (state.failures > 0 && pauseMs > 0) throw peerUnreachable(name, state.lastFault, pauseMs)
    try {
      const connection = await connect(name, peer)
      state.failures = 0
      return connection
    } catch (cause) {
      state.failures++
      state.lastFault = cause
      state.retryAtMs = deps.clock.elapsedMs() + pauseAfter(state.failures, deps, options)
      throw cause instanceof HeddleError ? cause : peerUnreachable(name, cause)
    }
  }
  const connectionTo = async (name: string, peer: BulkPeer): Promise<ClientConnection> => {
    const key = `${name} ${encodeBase64Url(peer.publicKey)}`
    const state = states.get(key) ?? newState()
    states.set(key, state)
    for (let tries = 0; tries < triesMax; tries++) {
      state.opening ??= begin(name, peer, state)
      const { opening } = state
      const forget = () => {
        if (state.opening === opening) state.opening = undefined
      }
      const connection = await opening.finally(() => {
        if (state.failures > 0) forget()
      })
      if (!connection.isOver) return connection
      forget()
    }
    throw connectionLost(name, 'it ends each connection at once')
  }
  return {
    async call(peer, kind, meta, bodyParts, signal = never, replyBytesMax = options.bodyBytesMax) {
      if (closing.signal.aborted) throw laneClosed()
      const bodyBytes = lengthOf(bodyParts)
      checkLength('meta', meta.length, options.metaBytesMax)
      checkLength('body', bodyBytes, options.bodyBytesMax)
      signal.throwIfAborted()
      const release = await inFlight.take(meta.length + bodyBytes, signal)
      try {
        const connection = await connectionTo(`${peer.host}:${peer.port}`, peer)
        return await connection.call(kind, meta, bodyParts, signal, replyBytesMax)
      } finally {
        release()
      }
    },
    close() {
      closing.abort(laneClosed())
      for (const connection of open) connection.end('the lane is closed')
      open.clear()
    },
  }
}

function newState(): PeerState {
  return { opening: undefined, failures: 0, retryAtMs: 0, lastFault: undefined }
}

/** Doubles with every failure, and half of it is chance, so that peers do not come back in step. */
function pauseAfter(
  failures: number,
  { random }: Pick<BulkClientDeps, 'random'>,
  { backoffMs, backoffMsMax }: BulkOptions,
): number {
  const longest = Math.min(backoffMsMax, backoffMs * 2 ** Math.min(failures - 1, 20))
  return longest * (0.5 + (random.bytes(1)[0] ?? 0) / 512)
}

function checkLength(part: string, bytes: number, bytesMax: number): void {
  if (bytes > bytesMax) throw frameTooLong(part, bytes, bytesMax)
}
