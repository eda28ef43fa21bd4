import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { sendSnippets, spawnSnippets } from '../apps/explorer/src/act/snippets.ts'
import { stripTypes } from '../apps/explorer/src/act/strip-types.ts'
import { parseTags } from '../apps/explorer/src/act/tags-text.ts'
import { openHistory } from '../apps/explorer/src/console/history.ts'
import { plainText, shownText } from '../apps/explorer/src/console/shown-text.ts'
import {
  formatAge,
  formatBytes,
  formatDuration,
  formatWinston,
} from '../apps/explorer/src/format.ts'
import { paths } from '../apps/explorer/src/paths.ts'
import { walletRefusal } from '../apps/explorer/src/wallet/refusal.ts'

const examples = ['counter', 'token', 'price-feed', 'market', 'trader']

/** What runs is the same: text apart from spaces, and from marks put where a statement was. */
function bare(source: string): string {
  return source.replace(/[\s;]+/g, '')
}

it.each(examples)('takes the types out of %s as Node does', (name) => {
  const file = fileURLToPath(new URL(`../examples/${name}.ts`, import.meta.url))
  const source = readFileSync(file, 'utf8')
  const stripped = stripTypes(source)
  expect(bare(stripped)).toBe(bare(stripTypeScriptTypes(source)))
  expect(stripped.split('\n')).toHaveLength(source.split('\n').length)
  expect(stripped).toHaveLength(source.length)
})

it('takes out every kind of type, and nothing else', () => {
  const source = `
import type { A } from 'a'
interface B { b: string }
type C = B | undefined
declare const outside: number
abstract class D<T> implements E { private readonly x?: number = 1; y!: T; f(a?: number): void {} }
const g = <T,>(h: T, ...rest: T[]): h is T => (h as T)! satisfies T
let i: string = "a: string ? b : c" // 😀 as any
function j(this: D<string>, k: number): asserts k {}
`
  expect(bare(stripTypes(source))).toBe(bare(stripTypeScriptTypes(source)))
})

it('refuses TypeScript that is more than types', () => {
  for (const source of ['enum A { B }', 'namespace A { export const b = 1 }']) {
    expect(() => stripTypes(`\n${source}`)).toThrow(/line 2/)
  }
  expect(() => stripTypes('let = ')).toThrow()
})

it('reads tags as people write them', () => {
  expect(parseTags('By: 2\n\n Content-Type = text/plain; a=b ')).toEqual([
    { name: 'By', value: '2' },
    { name: 'Content-Type', value: 'text/plain; a=b' },
  ])
  expect(() => parseTags('nothing')).toThrow(/Name: value/)
})

it('writes code that can be pasted', () => {
  const draft = {
    processId: 'P',
    action: 'Say',
    tags: [{ name: 'X-Y', value: "it's" }],
    data: 'a\nb',
  }
  const { sdk, aoconnect } = sendSnippets('http://n', draft, false)
  expect(sdk).toContain(`.send({ action: 'Say', tags: { 'X-Y': 'it\\'s' }, data: 'a\\nb' })`)
  expect(aoconnect).toContain(`{ name: 'Action', value: 'Say' }`)
  expect(sendSnippets('http://n', draft, true).aoconnect).toContain('ao.dryrun(')
  const twice = [
    { name: 'A', value: '1' },
    { name: 'A', value: '2' },
  ]
  const spawned = spawnSnippets('http://n', { name: '', tags: twice, module: 'M' }, 'S')
  expect(spawned.sdk).toContain(`tags: [{ name: 'A', value: '1' }, { name: 'A', value: '2' }]`)
})

it('has one address for each state', () => {
  const id = 'I'.repeat(43)
  expect([
    paths.overview(),
    paths.processes({ search: 'a b', sort: 'busiest' }),
    paths.processTab(id, 'outbox'),
    paths.message(id),
    paths.send({ process: id }),
    paths.search('x/y'),
    paths.blob(id),
  ]).toEqual([
    '/explorer',
    '/explorer/processes?search=a+b&sort=busiest',
    `/explorer/process/${id}/outbox`,
    `/explorer/message/${id}`,
    `/explorer/send?process=${id}`,
    '/explorer/search?q=x%2Fy',
    `/explorer/availability/${id}`,
  ])
})

it('says sizes and times in short', () => {
  expect([0, 1023, 1024, 1024 ** 2 * 15, 1024 ** 4].map(formatBytes)).toEqual([
    '0 B',
    '1023 B',
    '1.0 KiB',
    '15 MiB',
    '1.0 TiB',
  ])
  expect([0.2, 4.25, 80, 1500, 120_000].map(formatDuration)).toEqual([
    '<1 ms',
    '4.3 ms',
    '80 ms',
    '1.5 s',
    '2 min',
  ])
  expect([10, 5000, 120_000].map(formatAge)).toEqual(['now', '5 s ago', '2 min ago'])
})

it('shows what a process prints, and lets it do nothing else to the screen', () => {
  const colours = '\x1b[31mred\x1b[0m'
  expect(shownText(colours)).toBe(`${colours}\x1b[0m`)
  expect(shownText('a\x1b[2J\x1b[1;1Hb\x1b]0;title\x07c\rd\x08e\tf\ng')).toBe('abcde\tf\ng')
  expect(shownText('\x1b[38;2;1;2;3mdirect\x1b[0;48;2;9;9;9mtoo')).toBe('directtoo')
  expect(shownText('\x1b[38;5;9mpalette')).toContain('\x1b[38;5;9m')
  expect(shownText('\x9b31mone byte')).toBe('31mone byte')
  expect(plainText('\x1b[32maos\x1b[90m@x\x1b[0m> ')).toBe('aos@x> ')
})

it('keeps a history of lines, the newest first, whatever the storage holds', () => {
  const kept = new Map<string, string>([['heddle-console-history', '{not json']])
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  }
  const history = openHistory(storage)
  for (const line of ['a', 'b', 'b', ' ', 'c']) history.add(line)
  expect([1, 2, 3, 4, 0].map((steps) => openHistory(storage).back(steps))).toEqual([
    'c',
    'b',
    'a',
    undefined,
    undefined,
  ])
  const full = {
    getItem: () => null,
    setItem: () => {
      throw new Error('full')
    },
  }
  expect(() => openHistory(full).add('a')).not.toThrow()
})

it('says balances exactly and refusals in words', () => {
  expect([0n, 1n, 1_500_000_000_000n, 10n ** 30n].map(formatWinston)).toEqual([
    '0 AR',
    '0.000000000001 AR',
    '1.5 AR',
    '1,000,000,000,000,000,000 AR',
  ])
  expect(walletRefusal({ code: 4001, message: 'User rejected' }).message).toMatch(/refused/)
  const cancelled = new Error('User cancelled the AuthRequest')
  expect(walletRefusal(cancelled).message).toBe('refused in the wallet: nothing was signed')
  expect(walletRefusal('No wallets added').message).toBe('the wallet says: No wallets added')
  expect(walletRefusal({ code: 5, message: 'odd' }).message).toBe('the wallet says: odd')
})
