import { createRuntime } from '@heddle/node/runtime'
import { errorMessage } from '@heddle/protocol/base'
import type { ProcessHandle, ResultsPage } from '@heddle/sdk'

const everyMs = 500
const pageLength = 100

type Found = ResultsPage['results'][number]

export type LiveDeps = {
  readonly handle: ProcessHandle
  onResult(result: Found): void
  /** Told once per break in the connection. */
  onTrouble(text: string): void
}

/** Follows a process: hands over every result newer than the moment of the call. Ends with the signal. */
export async function followResults(deps: LiveDeps, signal: AbortSignal): Promise<void> {
  const { timer } = createRuntime()
  let cursor = await newestCursor(deps.handle, signal)
  let isTold = false
  while (!signal.aborted) {
    try {
      cursor = (await takeNew(deps, cursor, signal)) ?? cursor
      isTold = false
    } catch (error) {
      if (signal.aborted) return
      if (!isTold) deps.onTrouble(errorMessage(error))
      isTold = true
    }
    await timer.sleep(everyMs, signal).catch(() => {})
  }
}

async function newestCursor(
  handle: ProcessHandle,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { results } = await handle.results({ sort: 'DESC', limit: 1, signal })
  return results[0]?.cursor
}

async function takeNew(
  { handle, onResult }: LiveDeps,
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const from = cursor === undefined ? {} : { from: cursor }
  const page = await handle.results({ ...from, sort: 'ASC', limit: pageLength, signal })
  for (const result of page.results) onResult(result)
  return page.results.at(-1)?.cursor
}
