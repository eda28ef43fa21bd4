import { createRuntime } from '@heddle/node/runtime'
import { errorMessage } from '@heddle/protocol/base'
import type { ProcessHandle, ResultsPage } from '@heddle/sdk'
import { newResults } from '@heddle/sdk/console'

const everyMs = 500

/** A result of a process that is followed. */
export type Found = ResultsPage['results'][number]

export type LiveDeps = {
  readonly handle: ProcessHandle
  onResult(result: Found): void
  /** Told once per break in the connection. */
  onTrouble(text: string): void
}

/** Follows a process: hands over every result newer than the moment of the call. Ends with the signal. */
export async function followResults(deps: LiveDeps, signal: AbortSignal): Promise<void> {
  const { timer } = createRuntime()
  const found = await newResults(deps.handle, signal)
  let isTold = false
  while (!signal.aborted) {
    try {
      for (const result of await found.take(signal)) deps.onResult(result)
      isTold = false
    } catch (error) {
      if (signal.aborted) return
      if (!isTold) deps.onTrouble(errorMessage(error))
      isTold = true
    }
    await timer.sleep(everyMs, signal).catch(() => {})
  }
}
