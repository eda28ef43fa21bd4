import { constants } from 'node:os'
import { createRuntime } from '@heddle/node/runtime'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** npm passes a terminal's Ctrl-C on to who has it already; that is not a second wish. */
const repeatMs = 500

/** What Ctrl-C does while a command runs. */
export type Interruption = {
  readonly signal: AbortSignal
  /** As shells have it: 128 and the number of the signal. */
  exitCode(): number
  release(): void
}

/** The first Ctrl-C (or SIGTERM, SIGHUP) aborts what the command waits for, a second ends the process. */
export function listenForInterruption(): Interruption {
  const { clock } = createRuntime()
  const controller = new AbortController()
  let firstMs = 0
  let code = 1
  const onSignal = (name: (typeof signals)[number]) => {
    if (controller.signal.aborted) {
      if (clock.elapsedMs() - firstMs > repeatMs) process.exit(code)
      return
    }
    firstMs = clock.elapsedMs()
    code = 128 + constants.signals[name]
    controller.abort(new Error('interrupted'))
  }
  for (const name of signals) process.on(name, onSignal)
  return {
    signal: controller.signal,
    exitCode: () => code,
    release: () => {
      for (const name of signals) process.off(name, onSignal)
    },
  }
}
