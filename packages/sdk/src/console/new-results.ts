import type { ProcessHandle } from '../process.ts'
import type { ResultsPage } from '../results-page.ts'

const pageLength = 100

/** What a process did since it was last asked. */
export type NewResults = {
  /** Results since the last call, oldest first, a page at most; at the first, since it was made. */
  take(signal: AbortSignal): Promise<ResultsPage['results']>
}

/** Follows what a process does from now on. Rejects where the node does not answer. */
export async function newResults(handle: ProcessHandle, signal: AbortSignal): Promise<NewResults> {
  const newest = await handle.results({ sort: 'DESC', limit: 1, signal })
  let cursor = newest.results[0]?.cursor
  return {
    async take(signal) {
      const from = cursor === undefined ? {} : { from: cursor }
      const { results } = await handle.results({ ...from, sort: 'ASC', limit: pageLength, signal })
      cursor = results.at(-1)?.cursor ?? cursor
      return results
    },
  }
}
