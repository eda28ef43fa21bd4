import type { REPLServer } from 'node:repl'

type Key = { readonly ctrl?: boolean; readonly name?: string }

/** What is used of Node's line editor beside its documented part; left alone where it is not there. */
type LineEditor = { _ttyWrite?: (text: string | undefined, key: Key) => void }

/**
 * Keeps keys that are typed while an answer is awaited for the lines after it: the editor would take them at
 * once, and forget the lines of unfinished code when the answer comes. Ctrl-C goes through and drops them.
 * Returns what hands them on.
 */
export function holdInput(server: REPLServer, isBusy: () => boolean): () => void {
  const editor = server as unknown as LineEditor
  const write = editor._ttyWrite?.bind(server)
  if (write === undefined) return () => {}
  const held: Parameters<typeof write>[] = []
  editor._ttyWrite = (text, key) => {
    const isInterrupt = key.ctrl === true && key.name === 'c'
    if (isInterrupt) held.length = 0
    if (isBusy() && !isInterrupt) held.push([text, key])
    else write(text, key)
  }
  return () => {
    while (!isBusy()) {
      const next = held.shift()
      if (next === undefined) return
      write(...next)
    }
  }
}
