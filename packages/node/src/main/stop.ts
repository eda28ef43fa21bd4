import { createRuntime } from '../runtime/index.ts'

/** A clean stop takes less than five seconds, or is no longer waited for. */
const closeMsMax = 4500

/**
 * Resolves once the process was told to stop (SIGTERM, SIGINT, SIGHUP) and the node has closed. A second
 * signal, or a close that hangs, ends the process at once: everything acknowledged is durable anyway.
 */
export async function waitForStop(node: { close(): Promise<void> }): Promise<void> {
  const { timer } = createRuntime()
  const stopped = Promise.withResolvers<void>()
  let closing = false
  const onSignal = () => {
    if (closing) process.exit(1)
    closing = true
    timer.after(closeMsMax, () => process.exit(1))
    node.close().then(stopped.resolve, stopped.reject)
  }
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, onSignal)
  try {
    await stopped.promise
  } finally {
    for (const signal of signals) process.off(signal, onSignal)
  }
}
