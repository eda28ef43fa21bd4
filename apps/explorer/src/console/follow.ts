import type { ProcessHandle, ResultsPage, SlotResult } from '@heddle/sdk'
import { type NewResults, newResults } from '@heddle/sdk/console'

/** What a process did, as its pages of results have it. */
export type Done = ResultsPage['results'][number]

/** Hands over what a process does of its own or for others, each result once. */
export type Following = {
  /** Evaluates: whoever asks shows the answer, so it is not handed over. */
  evaluate(work: () => Promise<SlotResult>): Promise<SlotResult>
  /** Hands over what came since the last call. */
  showNew(signal: AbortSignal): Promise<void>
}

export function followProcess(handle: ProcessHandle, show: (done: Done) => void): Following {
  const answered = new Set<number>()
  /** Taken and not handed over yet. */
  const unseen: Done[] = []
  let following: NewResults | undefined
  let isEvaluating = false
  let isTaking = false
  /** Something may have come since results were last asked for. */
  let isStale = false

  const take = async (signal: AbortSignal) => {
    following ??= await newResults(handle, signal)
    while (isStale && !isEvaluating) {
      isStale = false
      unseen.push(...(await following.take(signal)))
      // An answer that is awaited may be among them: they wait for the next call.
      if (isEvaluating) return
      for (const done of unseen.splice(0)) if (!answered.delete(done.slot)) show(done)
    }
  }

  return {
    async evaluate(work) {
      isEvaluating = true
      try {
        const result = await work()
        answered.add(result.slot)
        return result
      } finally {
        isEvaluating = false
      }
    },
    async showNew(signal) {
      isStale = true
      if (isEvaluating || isTaking) return
      isTaking = true
      await take(signal).finally(() => {
        isTaking = false
      })
    },
  }
}
