import type { Socket, Timer } from '../../runtime/index.ts'

/** Reads counted bytes from a socket; each returns undefined or false once the connection is over. */
export type ByteReader = {
  /** Exactly so many bytes, as a view or a copy; for short things. */
  take(bytes: number): Promise<Uint8Array | undefined>
  /** Fills `into`. */
  fill(into: Uint8Array): Promise<boolean>
  /** Reads and forgets. */
  skip(bytes: number): Promise<boolean>
  /** Waits for the next byte; `onIdle` is asked each time `idleMs` pass without one. */
  waitForByte(idleMs: number, onIdle: () => void): Promise<boolean>
}

/** A frame comes at least so fast, in `stallMs`: a byte now and then would hold its memory for ever. */
const paceBytes = 1024 * 1024

/**
 * `onStall` is called when what must come, or the next MiB of it, does not within `stallMs`; it ends the
 * connection, and with it the wait.
 */
export function createByteReader(
  socket: Socket,
  timer: Pick<Timer, 'after'>,
  stallMs: number,
  onStall: () => void,
): ByteReader {
  let rest = new Uint8Array(0) as Uint8Array
  const next = async (waitMs: number, onLate: () => void): Promise<boolean> => {
    const arm = (): (() => void) =>
      timer.after(waitMs, () => {
        cancel = arm()
        onLate()
      })
    let cancel = arm()
    const chunk = await socket.read()
    cancel()
    rest = chunk ?? rest
    return chunk !== undefined
  }
  const consume = async (bytes: number, use: (part: Uint8Array, at: number) => void) => {
    let cancel: (() => void) | undefined
    let dueBytes = paceBytes
    try {
      for (let at = 0; at < bytes; ) {
        if (rest.length === 0) {
          cancel ??= timer.after(stallMs, onStall)
          const chunk = await socket.read()
          if (chunk === undefined) return false
          rest = chunk
        }
        const part = rest.subarray(0, bytes - at)
        rest = rest.subarray(part.length)
        use(part, at)
        at += part.length
        if (at < dueBytes) continue
        dueBytes = at + paceBytes
        cancel?.()
        cancel = undefined
      }
      return true
    } finally {
      cancel?.()
    }
  }
  const fill = (into: Uint8Array) => consume(into.length, (part, at) => into.set(part, at))
  return {
    fill,
    skip: (bytes) => consume(bytes, () => {}),
    async take(bytes) {
      const into = new Uint8Array(bytes)
      return (await fill(into)) ? into : undefined
    },
    async waitForByte(idleMs, onIdle) {
      return rest.length > 0 || next(idleMs, onIdle)
    },
  }
}
