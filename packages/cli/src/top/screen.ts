import { stdin, stdout } from 'node:process'
import type { Size } from './view.ts'

const enter = '\x1b[?1049h\x1b[?25l'
const leave = '\x1b[?25h\x1b[?1049l'
const home = '\x1b[H'
const endOfLine = '\x1b[K'
const rest = '\x1b[J'
const bold = '\x1b[1m'
const plain = '\x1b[0m'
const ctrlC = '\u0003'

/** The terminal as one page that is drawn over and over, and given back as it was. */
export type Screen = {
  size(): Size
  draw(lines: readonly string[]): void
  close(): void
}

/** Takes the terminal; `onLeave` is called for q, Escape or Ctrl-C, `onResize` for a new size. */
export function openScreen(onLeave: () => void, onResize: () => void): Screen {
  const onKey = (keys: Buffer) => {
    if (['q', 'Q', '\x1b', ctrlC].includes(keys.toString())) onLeave()
  }
  const isTerminal = stdin.isTTY
  if (isTerminal) stdin.setRawMode(true)
  stdin.on('data', onKey)
  stdin.resume()
  stdout.on('resize', onResize)
  stdout.write(enter)
  return {
    size: () => ({ columns: stdout.columns, rows: stdout.rows }),
    draw([first = '', ...others]) {
      const lines = [`${bold}${first}${plain}`, ...others]
      stdout.write(home + lines.map((line) => line + endOfLine).join('\r\n') + rest)
    },
    close() {
      stdin.off('data', onKey)
      stdout.off('resize', onResize)
      if (isTerminal) stdin.setRawMode(false)
      stdin.pause()
      stdout.write(leave)
    },
  }
}
