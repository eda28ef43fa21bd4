import type { REPLServer } from 'node:repl'
import { colourCode, type Language } from '@heddle/sdk/console'

/** What is used of Node's line editor beside its documented part; left alone where it is not there. */
type LineEditor = {
  line: string
  cursor: number
  _writeToOutput?: (text: string) => void
  _refreshLine?: () => void
}

/**
 * Colours what is being typed. The editor writes a whole line when it refreshes and single characters
 * when one is typed at the end; the first is coloured on its way, the second asks for the first.
 */
export function colourInput(server: REPLServer, language: Language): void {
  const editor = server as unknown as LineEditor
  const write = editor._writeToOutput?.bind(server)
  if (write === undefined || editor._refreshLine === undefined) return
  editor._writeToOutput = (text) => {
    const { line } = editor
    const at = line === '' ? -1 : text.lastIndexOf(line)
    if (at < 0) write(text)
    else write(text.slice(0, at) + colourCode(line, language) + text.slice(at + line.length))
  }
  process.stdin.on('keypress', (_text, key: { ctrl?: boolean; name?: string } | undefined) => {
    const isTyped = key?.ctrl !== true && key?.name !== 'return' && key?.name !== 'enter'
    if (isTyped && editor.line !== '' && editor.cursor === editor.line.length) {
      editor._refreshLine?.()
    }
  })
}
