import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../source.ts'
import { generatedBy, page, row } from './markdown.ts'

type Limit = { readonly name: string; readonly value: string; readonly meaning: string }

const files = 'packages/{node,protocol}/src/**/{options,limits}.ts'
const objectPattern = /const \w+(?:Defaults|Limits)\b[^=]*= \{\n([\s\S]*?)\n\}/g
const entryPattern = /^ {2}(\w+): ([^\n]+),$/
const docPattern = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*(?:readonly )?(\w+)\??:/g

/** The page of limits: each room's defaults, with what its docstrings say of them. */
export function limitsPage(): string {
  const paths = globSync(files, { cwd: root }).filter((path) => !path.includes('/config/'))
  const sections = paths.sort().flatMap((path) => {
    const limits = limitsOf(readFileSync(join(root, path), 'utf8'))
    if (limits.length === 0) return []
    const room = path.replace(/^packages\/(?:node\/)?src\//, '').replace(/^packages\//, '')
    const title = room.replace('/src', '').replace(/\/(options|limits)\.ts$/, '')
    const rows = limits.map(({ name, value, meaning }) => row(`\`${name}\``, value, meaning))
    return ['', `## ${title}`, '', row('name', 'value', 'means'), row('---', '---', '---'), ...rows]
  })
  return page('Limits', [
    generatedBy("the rooms' options"),
    'What a node takes, keeps and waits for at most. Limits that processes agree on are rules of the network and cannot be',
    'set; what an operator can set is on [Running a node](/operating/running). Each room’s README says why.',
    ...sections,
  ])
}

function limitsOf(text: string): Limit[] {
  const meanings = new Map<string, string>()
  for (const [, words = '', name = ''] of text.matchAll(docPattern)) {
    if (!meanings.has(name))
      meanings.set(
        name,
        words
          .replace(/\n\s*\*/g, ' ')
          .replace(/\s+/g, ' ')
          .trim(),
      )
  }
  const limits: Limit[] = []
  for (const [, body = ''] of text.matchAll(objectPattern)) {
    for (const line of body.split('\n')) {
      const [, name = '', expression = ''] = entryPattern.exec(line) ?? []
      const value = describe(name, expression)
      if (value !== undefined) limits.push({ name, value, meaning: meanings.get(name) ?? '' })
    }
  }
  return limits
}

const units: Readonly<Record<string, number>> = { mebibyte: 2 ** 20, kibibyte: 2 ** 10 }

/** `64 * mebibyte` of `…Bytes` is `64 MiB`; undefined for what is no number. */
function describe(name: string, expression: string): string | undefined {
  if (expression.includes('availableParallelism')) return 'by the cores'
  const factors = expression.split(/(?<!\*)\*(?!\*)/).map((part) => {
    const [base = '', exponent = '1'] = part
      .split('**')
      .map((one) => one.trim().replaceAll('_', ''))
    return (units[base] ?? Number(base || Number.NaN)) ** Number(exponent)
  })
  const value = factors.reduce((product, factor) => product * factor, 1)
  if (Number.isNaN(value)) return undefined
  if (/Bytes/.test(name) && value >= 1024) return bytes(value)
  if (/Ms(?:[A-Z]|$)/.test(name)) return value >= 1000 ? `${value / 1000} s` : `${value} ms`
  return value.toLocaleString('en')
}

function bytes(value: number): string {
  const step = Math.min(3, Math.floor(Math.log2(value) / 10))
  const shown = value / 1024 ** step
  if (!Number.isInteger(shown)) return `${value.toLocaleString('en')} bytes`
  return `${shown.toLocaleString('en')} ${['bytes', 'KiB', 'MiB', 'GiB'][step]}`
}
