import { createRuntime } from '@heddle/node/runtime'

/** A line for the user, on standard output. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** A remark that is not the answer, on standard error. */
export function remark(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** One JSON value on standard output, or the text for people. */
export function answer(json: boolean, value: unknown, text: string): void {
  print(json ? JSON.stringify(value) : text)
}

const patienceMs = 1000

/** Says on standard error what is being waited for, once it takes longer than a second. */
export async function withProgress<T>(text: string, work: Promise<T>): Promise<T> {
  const { clock, timer } = createRuntime()
  const startMs = clock.elapsedMs()
  let cancel = () => {}
  const tick = () => {
    const seconds = Math.round((clock.elapsedMs() - startMs) / 1000)
    if (process.stderr.isTTY) process.stderr.write(`\r${text}… ${seconds} s`)
    else if (seconds === 1 || seconds % 10 === 0) remark(`${text}… ${seconds} s`)
    cancel = timer.after(patienceMs, tick)
  }
  cancel = timer.after(patienceMs, tick)
  try {
    return await work
  } finally {
    cancel()
    if (process.stderr.isTTY && clock.elapsedMs() - startMs > patienceMs)
      process.stderr.write('\r\x1b[K')
  }
}

export function elapsed(): () => string {
  const { clock } = createRuntime()
  const startMs = clock.elapsedMs()
  return () => {
    const spentMs = clock.elapsedMs() - startMs
    if (spentMs >= 1000) return `${(spentMs / 1000).toFixed(1)} s`
    return spentMs < 10 ? `${spentMs.toFixed(1)} ms` : `${Math.round(spentMs)} ms`
  }
}
