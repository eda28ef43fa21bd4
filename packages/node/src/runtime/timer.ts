import type { Timer } from './ports.ts'

/** setTimeout's own limit; a longer delay would fire at once. */
const delayMsMax = 2 ** 31 - 1

export const systemTimer: Timer = {
  after(delayMs, run) {
    const handle = setTimeout(run, Math.min(delayMs, delayMsMax))
    handle.unref()
    return () => clearTimeout(handle)
  },
  sleep(delayMs, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const onAbort = () => {
        clearTimeout(handle)
        reject(signal?.reason)
      }
      const handle = setTimeout(
        () => {
          signal?.removeEventListener('abort', onAbort)
          resolve()
        },
        Math.min(delayMs, delayMsMax),
      )
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  },
}
