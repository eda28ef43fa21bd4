import { createRuntime } from '@heddle/node/runtime'

/** A bar on a terminal's standard error; nothing elsewhere. */
export type ProgressBar = { show(done: number, total: number): void; end(): void }

const cells = 24
const drawMs = 100
const mebibyte = 1024 * 1024

export function createProgressBar(label: string): ProgressBar {
  const { clock } = createRuntime()
  const startMs = clock.elapsedMs()
  let shownMs = Number.NEGATIVE_INFINITY
  let isShown = false
  return {
    show(done, total) {
      const nowMs = clock.elapsedMs()
      if (!process.stderr.isTTY || (nowMs - shownMs < drawMs && done < total)) return
      shownMs = nowMs
      isShown = true
      const part = total > 0 ? Math.min(1, done / total) : 0
      const bar = '█'.repeat(Math.round(part * cells)).padEnd(cells, '·')
      const rate = done / mebibyte / Math.max(0.001, (nowMs - startMs) / 1000)
      const percent = `${Math.floor(part * 100)}`.padStart(3)
      const speed = `${rate.toFixed(rate < 10 ? 1 : 0)} MiB/s`
      process.stderr.write(`\r\x1b[K${label} ${bar} ${percent} %  ${speed}`)
    },
    end() {
      if (isShown) process.stderr.write('\r\x1b[K')
    },
  }
}
