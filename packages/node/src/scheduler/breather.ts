import type { Timer } from '../runtime/index.ts'

/** Signatures between two looks at sockets and disk: a few milliseconds of work. */
const burstMax = 32

/**
 * Keeps a burst of signatures from holding the event loop: awaiting only what is already there never
 * lets sockets, disk or timers run. Returns what to wait for, or undefined while there is time left.
 */
export function createBreather(timer: Timer): () => Promise<void> | undefined {
  let turn: Promise<void> | undefined
  let count = 0
  return () => {
    turn ??= timer.sleep(0).then(() => {
      turn = undefined
      count = 0
    })
    count++
    return count >= burstMax ? turn : undefined
  }
}
