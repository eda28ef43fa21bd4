import { stripVTControlCharacters } from 'node:util'
import { createRuntime } from '@heddle/node/runtime'

/** A line for the user, on standard output. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** A remark that is not the answer, on standard error. */
export function remark(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** Why a command is refused: one line on standard error, whatever the error's text. */
export function refuse(text: string): void {
  remark(
    printable(text)
      .replace(/\s*\n\s*/g, ' ')
      .trim(),
  )
}

/** One JSON value on standard output, or the text for people. */
export function answer(json: boolean, value: unknown, text: string): void {
  print(json ? JSON.stringify(value) : printable(text))
}

const controls = /(?![\t\n])\p{Cc}/gu
// biome-ignore lint/suspicious/noControlCharactersInRegex: the colours consoles of aos print
const colour = /(\x1b\[[\d;]*m)/

/**
 * Text of others without what would move the cursor, retitle the window or hide what was written; lines
 * and tabs stay, and colours where a terminal shows them.
 */
export function printable(text: string): string {
  const clean = (part: string) => stripVTControlCharacters(part).replace(controls, '')
  if (!process.stdout.isTTY) return clean(text)
  const parts = text.split(colour)
  const shown = parts.map((part, at) => (at % 2 === 1 ? part : clean(part))).join('')
  return parts.length > 1 ? `${shown}\x1b[0m` : shown
}

const patienceMs = 1000

/** Says on standard error what is being waited for, once it takes longer than a second. */
export async function withProgress<T>(text: string, work: Promise<T>): Promise<T> {
  const { clock, timer } = createRuntime()
  const startMs = clock.elapsedMs()
  let isShown = false
  let cancel = () => {}
  const tick = () => {
    const seconds = Math.round((clock.elapsedMs() - startMs) / 1000)
    if (process.stderr.isTTY) process.stderr.write(`\r${text}… ${seconds} s`)
    else if (!isShown || seconds % 10 === 0) remark(`${text}… ${seconds} s`)
    isShown = true
    cancel = timer.after(patienceMs, tick)
  }
  cancel = timer.after(patienceMs, tick)
  try {
    return await work
  } finally {
    cancel()
    if (process.stderr.isTTY && isShown) process.stderr.write('\r\x1b[K')
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
