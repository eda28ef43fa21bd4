import { HeddleError } from '@heddle/protocol/base'

/** An import of names from a file of one's own, as types stripped leave it. */
const importPattern = /^import\s*\{([^}]*)\}\s*from\s*(['"])(\.{1,2}\/[^'"]+)\2;?/gm
const exportPattern = /^export\s+(?=(?:async\s+)?(?:function\b|const\b|let\b|class\b))/gm
const exportedName = /^export\s+(?:async\s+)?(?:function\*?|const|let|class)\s+([\w$]+)/gm
const depthMax = 8

/** Reads the JavaScript of a file that another one names. */
export type ReadImported = (from: string, path: string) => Promise<{ path: string; text: string }>

/**
 * An actor is one script, so what it imports from files of its own becomes functions at its end, each with
 * its own scope, and the imports calls of them: lines and columns of the actor stay what they were. Names
 * in braces from relative paths, that is all; packages are bundled first. Throws `source-invalid`.
 */
export async function linkImports(path: string, text: string, read: ReadImported): Promise<string> {
  return (await link(path, text, read, [path], `load`)).text
}

type Linked = { readonly text: string; readonly names: readonly string[] }

async function link(
  path: string,
  text: string,
  read: ReadImported,
  above: readonly string[],
  prefix: string,
): Promise<Linked> {
  const names = [...text.matchAll(exportedName)].map(([, name = '']) => name)
  const parts: string[] = []
  let linked = ''
  let from = 0
  for (const match of text.matchAll(importPattern)) {
    const [whole, wanted = '', , target = ''] = match
    const loader = `${prefix}$${parts.length}`
    const file = await read(path, target)
    if (above.includes(file.path) || above.length > depthMax) throw circle(path, target)
    const inner = await link(file.path, file.text, read, [...above, file.path], loader)
    linked += text.slice(from, match.index) + callOf(loader, wanted, whole, path, target, inner)
    from = match.index + whole.length
    const body = inner.text.replace(exportPattern, '')
    parts.push(`function ${loader}() {\n${body}\nreturn { ${inner.names.join(', ')} }\n}\n`)
  }
  const rest = linked + text.slice(from)
  return { text: parts.length === 0 ? rest : `${rest}\n${parts.join('')}`, names }
}

/** On as many lines as the import had. */
function callOf(
  loader: string,
  wanted: string,
  whole: string,
  path: string,
  target: string,
  { names }: Linked,
): string {
  const list = wanted
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
  const missing = list.find((each) => !names.includes(each.split(/\s/, 1)[0] ?? ''))
  if (missing !== undefined) {
    throw invalid(path, `${target} exports ${names.join(', ') || 'nothing'}, not ${missing}`)
  }
  const renamed = list.map((each) => each.replace(/\s+as\s+/, ': ')).join(', ')
  const lines = whole.split('\n').length - 1
  return `const { ${renamed} } = ${loader}()${'\n'.repeat(lines)}`
}

function circle(path: string, target: string): HeddleError {
  return invalid(path, `${target} imports what imports it, or the imports go too deep`)
}

function invalid(path: string, what: string): HeddleError {
  return new HeddleError('source-invalid', 'invalid', `${path}: ${what}`, { path })
}
