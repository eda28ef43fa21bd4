import { createRuntime, type Runtime } from '../runtime/index.ts'

/** A clean stop takes less than five seconds; one that takes much longer hangs, and is no longer waited for. */
const closeMsMax = 20_000
/** It is counted in steps: time that the process is not given (a core taken away) is not its fault. */
const stepMs = 500

/** npm passes on a Ctrl-C that the terminal has already given: within this time it is the same one. */
const echoMs = 500

/**
 * Resolves once the process was told to stop (SIGTERM, SIGINT, SIGHUP) and the node has closed. A second
 * signal, or a close that hangs, ends the process at once: everything acknowledged is durable anyway.
 */
export async function waitForStop(
  node: { close(): Promise<void> },
  { clock, timer }: Pick<Runtime, 'clock' | 'timer'> = createRuntime(),
): Promise<void> {
  const stopped = Promise.withResolvers<void>()
  let closingSinceMs: number | undefined
  const endAfter = (ownMs: number) => {
    if (ownMs <= 0) process.exit(1)
    else timer.after(stepMs, () => endAfter(ownMs - stepMs))
  }
  const onSignal = () => {
    if (closingSinceMs !== undefined) {
      if (clock.elapsedMs() - closingSinceMs > echoMs) process.exit(1)
      return
    }
    closingSinceMs = clock.elapsedMs()
    endAfter(closeMsMax)
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
