import { createRuntime } from '@heddle/node/runtime'
import type { ModelProgress } from '@heddle/sdk'
import { remark } from './output.ts'

const mebibyte = 2 ** 20
/** A line a second on a terminal's one line; elsewhere one every ten. */
const terminalPauseMs = 200
const plainPauseMs = 10_000
const firstPauseMs = 1000

/** Says on standard error how far a model is, once it takes longer than a second. */
export function showModelProgress(): { show(progress: ModelProgress): void; end(): void } {
  const { clock } = createRuntime()
  const isTerminal = process.stderr.isTTY === true
  let nextMs = clock.elapsedMs() + firstPauseMs
  let isShown = false
  return {
    show: ({ phase, doneBytes, ofBytes }) => {
      const nowMs = clock.elapsedMs()
      if (nowMs < nextMs) return
      nextMs = nowMs + (isTerminal ? terminalPauseMs : plainPauseMs)
      isShown = true
      const [done, of] = [doneBytes, ofBytes].map((bytes) => (bytes / mebibyte).toFixed(0))
      const text = `${phase} ${done} of ${of} MiB`
      if (isTerminal) process.stderr.write(`\r${text}\x1b[K`)
      else remark(text)
    },
    end: () => {
      if (isTerminal && isShown) process.stderr.write('\r\x1b[K')
    },
  }
}
