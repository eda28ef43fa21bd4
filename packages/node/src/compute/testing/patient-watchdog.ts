import { BroadcastChannel } from 'node:worker_threads'
import type { Timer } from '../../runtime/index.ts'

/** The limit of an evaluation in tests. No other timer has the delay that follows from it. */
export const evaluationTimeoutMs = 80_000
const lookMs = evaluationTimeoutMs / 20
/** One that sees the evaluation first, and the twenty that find it unchanged. */
const looksToEnd = 21

const channelName = 'heddle-test-endless'

/** Said by a guest that is about to go on for ever. */
export function tellEndless(): void {
  const channel = new BroadcastChannel(channelName)
  channel.postMessage('')
  channel.close()
}

/**
 * A timer under which evaluations are looked at only once a guest said that it will not end, and then at
 * once: no test waits for the limit, and on no machine, however slow, does another message reach it.
 */
export function openPatientWatchdog(timer: Timer) {
  const channel = new BroadcastChannel(channelName)
  channel.unref()
  const waiting = new Set<() => void>()
  const told = new Set<() => void>()
  let looksLeft = 0
  const look = () => {
    if (looksLeft === 0 || waiting.size === 0) return
    looksLeft--
    const all = [...waiting]
    waiting.clear()
    for (const run of all) run()
    setImmediate(look)
  }
  channel.onmessage = () => {
    looksLeft = looksToEnd
    for (const tell of told) tell()
    told.clear()
    look()
  }
  const patient: Timer = {
    ...timer,
    after(delayMs, run) {
      if (delayMs !== lookMs) return timer.after(delayMs, run)
      waiting.add(run)
      setImmediate(look)
      return () => void waiting.delete(run)
    },
  }
  return {
    timer: patient,
    /** Resolves when the next guest says so. */
    endless: () => new Promise<void>((resolve) => void told.add(resolve)),
    close: () => channel.close(),
  }
}
