import { statusOfKind } from '@heddle/protocol/api'
import type { ErrorKind } from '@heddle/protocol/base'
import { readSources, type Source } from '../source.ts'
import { generatedBy, page, row } from './markdown.ts'

type Found = {
  readonly code: string
  readonly kind: ErrorKind
  readonly room: string
  readonly meaning: string
}

const callPattern = /new HeddleError\(\s*'([a-z0-9-]+)',\s*'(\w+)'/g
const docPattern = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*(?:export )?(?:async )?(?:function|const)/g
/** A docstring further above belongs to something else. */
const docDistance = 1200

/** Every code that a source throws, with what the docstring above says of it. */
function errorsOf({ path, room, text }: Source): Found[] {
  const isErrorFile = path.endsWith('/errors.ts')
  const found: Found[] = []
  for (const match of text.matchAll(callPattern)) {
    const [, code = '', kind = ''] = match
    if (!Object.hasOwn(statusOfKind, kind)) continue
    const meaning = isErrorFile ? docAbove(text, match.index) : ''
    found.push({ code, kind: kind as ErrorKind, room: room.replace(/^node\//, ''), meaning })
  }
  return found
}

function docAbove(text: string, at: number): string {
  const docs = [...text.slice(0, at).matchAll(docPattern)]
  const last = docs.at(-1)
  if (last === undefined || at - last.index > docDistance) return ''
  const words = (last[1] ?? '')
    .replace(/\n\s*\*/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  return words.replace(/ @\w+.*$/, '')
}

/** The page of all codes: what a client switches on, what it answers, what it means. */
export function errorsPage(): string {
  const sources = readSources().filter(
    ({ path, isTest }) => /^packages\/(node|protocol|sdk|cli)\//.test(path) && !isTest,
  )
  const byCode = new Map<string, Found[]>()
  for (const found of sources
    .filter(({ path }) => !/\/(testing|fixtures)\//.test(path))
    .flatMap(errorsOf)) {
    byCode.set(found.code, [...(byCode.get(found.code) ?? []), found])
  }
  const rows = [...byCode]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, all]) => {
      const unique = (values: readonly string[]) => [...new Set(values.filter(Boolean))]
      const kinds = unique(all.map(({ kind }) => kind)) as ErrorKind[]
      const statuses = kinds.map((kind) => `${statusOfKind[kind]} ${kind}`).join(', ')
      const meanings = unique(all.map(({ meaning }) => meaning)).join(' · ')
      return row(`\`${code}\``, statuses, unique(all.map(({ room }) => room)).join(', '), meanings)
    })
  const kinds = Object.entries(statusOfKind).map(([kind, status]) =>
    row(`\`${kind}\``, String(status), meaningOfKind[kind as ErrorKind]),
  )
  return page('Errors', [
    generatedBy("the rooms' sources"),
    'A refusal is JSON, `{ "error": "what is wrong and what to do", "code": "…" }`, with the status of its kind; answers of',
    '`/cu` repeat the text as `Error`. Switch on the code: texts may change. The `x-request-id` header of the answer names the',
    "request in the node's log.",
    '',
    '## Kinds',
    '',
    row('kind', 'status', 'means'),
    row('---', '---', '---'),
    ...kinds,
    '',
    '## Codes',
    '',
    row('code', 'status and kind', 'from', 'means'),
    row('---', '---', '---', '---'),
    ...rows,
  ])
}

const meaningOfKind: Readonly<Record<ErrorKind, string>> = {
  invalid: 'the request is wrong; it will not be right by itself',
  denied: 'this caller may not',
  missing: 'not here, or not yet',
  conflict: 'it contradicts what is there, such as a repeat',
  exhausted: 'a limit of this caller; slow down',
  unavailable: 'may work later: a limit of the node, a disk, another node',
  internal: "a fault of the node's; its log has the cause",
}
