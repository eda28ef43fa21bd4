import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../source.ts'

/**
 * A fenced snippet whose first line says what to do with it: `sh run` (commands behind `$`, with what
 * they print), `ts run` and `js run` (a module), `ts check` (types only), `ts actor` (types, and it boots),
 * `ts file=NAME` (a file the commands after it take).
 */
export type Snippet = {
  readonly page: string
  readonly line: number
  readonly language: string
  readonly mark: string
  readonly code: string
}

const fencePattern = /^```(\w+) (run|slow|check|actor|file=[\w.-]+)\n([\s\S]*?)^```$/gm

/** Marked snippets of all pages that people write, in the order a reader meets them. */
export function readSnippets(): Snippet[] {
  const pages = globSync('docs/**/*.md', { cwd: root }).filter((path) => !/node_modules/.test(path))
  const order = (path: string) => (path === 'docs/quickstart.md' ? '' : path)
  return pages
    .sort((a, b) => (order(a) < order(b) ? -1 : 1))
    .flatMap((page) => snippetsOf(page, readFileSync(join(root, page), 'utf8')))
}

function snippetsOf(page: string, text: string): Snippet[] {
  return Array.from(text.matchAll(fencePattern), (match) => {
    const [, language = '', mark = '', code = ''] = match
    const line = text.slice(0, match.index).split('\n').length
    return { page, line, language, mark, code }
  })
}

export type ShellStep = { readonly command: string; readonly expected: readonly string[] }

/** Commands of a shell snippet, each with the lines below it. */
export function shellSteps(code: string): ShellStep[] {
  const steps: { command: string; expected: string[] }[] = []
  for (const line of code.trimEnd().split('\n')) {
    if (line.startsWith('$ ')) steps.push({ command: line.slice(2), expected: [] })
    else steps.at(-1)?.expected.push(line)
  }
  return steps
}

/** What differs from run to run, and what stands for it. */
const varying: readonly (readonly [RegExp, string])[] = [
  [/http:\/\/127\.0\.0\.1:\d+/g, 'URL'],
  // Wherever a folder is: the system's own for what is temporary, a checkout, a reader's home.
  [/(?<!\S)(?:\/|~\/)\S+/g, 'PATH'],
  [/\d+\.\d+\.\d+/g, 'VERSION'],
  [/[\w-]{43}/g, 'ID'],
  [/[\w-]{12}…/g, 'ID…'],
  [/\d[\d.,]*(?= (?:ms|s|MiB|bytes|gas)\b)/g, 'N'],
  [/\bN (?:ms|s)\b/g, 'TIME'],
  [/behind|ahead/g, 'BESIDE'],
  [/^(ok {4}processes) \d+/gm, '$1 N'],
  [/\d+(?= (?:slots wait|letters) for )/g, 'N'],
]

/** Text without what differs from run to run, and without advice that a machine may get. */
export function withoutVarying(text: string): string {
  const lines = text.split('\n').map((line) => line.trimEnd())
  const kept = lines.filter(
    (line) => line !== '' && !/^\s+→|^\S+\s+disk |^all is well|to look at$/.test(line),
  )
  return varying.reduce((all, [pattern, name]) => all.replace(pattern, name), kept.join('\n'))
}
