/** A form of WebAssembly's text format: an atom, or a list; `from` and `to` are places in the text. */
export type Form = {
  readonly from: number
  readonly to: number
  readonly items?: readonly Form[]
}

/** Reads all forms of a script, comments left out. Throws where brackets do not match. */
export function readForms(text: string): Form[] {
  const stack: { from: number; items: Form[] }[] = [{ from: 0, items: [] }]
  const top = () => {
    const last = stack.at(-1)
    if (last === undefined) throw new Error('a bracket too many')
    return last
  }
  for (let at = 0; at < text.length; ) {
    const letter = text[at]
    if (letter === '(' && text[at + 1] !== ';') {
      stack.push({ from: at, items: [] })
      at++
    } else if (letter === ')') {
      const { from, items } = top()
      stack.pop()
      top().items.push({ from, to: at + 1, items })
      at++
    } else {
      const to = tokenEnd(text, at)
      if (!/^(\s|;;|\(;)/.test(text.slice(at, at + 2))) top().items.push({ from: at, to })
      at = to
    }
  }
  if (stack.length > 1) throw new Error('a bracket is missing')
  return top().items
}

/** Where the space, comment, string or atom at `at` ends. */
function tokenEnd(text: string, at: number): number {
  if (text.startsWith(';;', at)) return lineEnd(text, at)
  if (text.startsWith('(;', at)) return commentEnd(text, at)
  const pattern = text[at] === '"' ? /"(?:[^"\\]|\\[\s\S])*"/y : /\s+|[^\s()";]+|[\s\S]/y
  pattern.lastIndex = at
  return at + (pattern.exec(text)?.[0].length ?? 1)
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end === -1 ? text.length : end
}

/** Block comments nest. */
function commentEnd(text: string, from: number): number {
  let depth = 0
  for (let at = from; at < text.length; at += 2) {
    if (text.startsWith('(;', at)) depth++
    else if (text.startsWith(';)', at)) depth--
    else at--
    if (depth === 0) return at + 2
  }
  return text.length
}
