import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { main } from './main.ts'
import { version } from './version.ts'

const id = `${'A'.repeat(42)}E`
const dashed = `-${'A'.repeat(41)}E`
const names = [
  'up',
  'tour',
  'keygen',
  'module',
  'spawn',
  'send',
  'read',
  'eval',
  'result',
  'results',
  'monitor',
  'unmonitor',
  'list',
  'upload',
  'get',
  'query',
  'status',
]
/** Nobody listens there, and no wallet is there: whoever gets that far is refused with 1. */
const nowhere = ['--url', 'http://127.0.0.1:9', '--wallet', join(tmpdir(), 'heddle-no-such-wallet')]

let out = ''
let err = ''
beforeEach(() => {
  out = ''
  err = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += text
    return true
  })
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += text
    return true
  })
})
afterEach(() => vi.restoreAllMocks())

async function run(...args: string[]) {
  const code = await main(args)
  return { code, out, err }
}

describe('help', () => {
  it.each([['--help'], ['-h'], ['help']])('%s names every command', async (arg) => {
    const ran = await run(arg)
    expect(ran).toMatchObject({ code: 0, err: '' })
    for (const name of names) expect(ran.out).toMatch(new RegExp(`^ {2}${name} +\\S`, 'm'))
  })

  it.each(names)('of %s tells its options, whatever else is wrong', async (name) => {
    const ran = await run(name, '--wrong', '--help')
    expect(ran).toMatchObject({ code: 0, err: '' })
    expect(ran.out).toContain(`Usage: heddle ${name}`)
    const lines = ran.out.split('\n').filter((line) => /^ .*--/.test(line))
    expect(lines.length).toBeGreaterThan(0)
    for (const line of lines) expect(line).toMatch(/--[a-z-]+( [A-Z]\S*)? {2,}\S/)
    expect((await run('help', name)).out).toBe(ran.out + ran.out)
  })

  it('is not what stands behind --', async () => {
    const ran = await run('eval', id, ...nowhere, '--', '--help')
    expect(ran).toMatchObject({ code: 1, out: '' })
  })
})

describe('wrong usage', () => {
  it.each([
    [[]],
    [['nope']],
    [['constructor']],
    [['help', 'nope']],
    [['status', 'extra']],
    [['status', '--wrong']],
    [['status', '--url']],
    [['status', '--url', 'nonsense']],
    [['status', '--url', 'ftp://a']],
    [['status', '--json=x']],
    [['keygen']],
    [['spawn']],
    [['spawn', 'a.ts', 'b.ts']],
    [['spawn', 'a.ts', '--tag', 'novalue']],
    [['send']],
    [['send', 'nope']],
    [['send', id, '--tag', '=x']],
    [['send', id, '--data', 'x', '--file', 'y']],
    [['send', id, '--data', '-5']],
    [['read', `${id}A`]],
    [['eval', id]],
    [['eval', id, '1', '--file', 'x']],
    [['result', id]],
    [['result', id, 'nope']],
    [['results', id, '--limit', '0']],
    [['results', id, '--limit', 'many']],
    [['results', id, '--sort', 'up']],
    [['monitor', 'nope']],
    [['list']],
    [['list', 'things']],
    [['module']],
    [['module', 'add']],
    [['module', 'remove', id]],
    [['module', 'add', id]],
    [['module', 'add', id, '--from', 'nonsense']],
    [['upload']],
    [['get', '../etc']],
    [['tour', '--port', 'abc']],
  ])('%j is exit 2, in one line, before anything is done', async (args) => {
    const ran = await run(...args)
    expect(ran).toEqual({ code: 2, out: '', err: expect.stringMatching(/^[^\n]+\n$/) })
  })

  it.each([
    ['--port', 'abc'],
    ['--port', '70000'],
    ['--roles', 'king'],
    ['--peer', 'nonsense'],
    ['--public-url', 'nonsense'],
    ['--log', 'loud'],
    ['--compute-threads', '0'],
    ['--evaluation-timeout-ms', 'soon'],
  ])('up %s %s is named, and no folder is made', async (flag, value) => {
    const folder = join(tmpdir(), 'heddle-never-made')
    const ran = await run('up', '--data', folder, flag, value)
    expect(ran).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining(`${flag} ${value}`),
    })
    expect(existsSync(folder)).toBe(false)
  })
})

describe('an id that begins with a dash', () => {
  it.each([
    [['result', dashed, dashed]],
    [['eval', dashed, '1']],
    [['get', dashed]],
    [['spawn', '--module', dashed]],
  ])('is no option: %j', async (args) => {
    const ran = await run(...args, ...nowhere)
    expect(ran).toMatchObject({ code: 1, out: '' })
    expect(ran.err).toMatch(/no such file|no node answers|bad port/)
  })
})

it('tells its version', async () => {
  expect(await run('--version')).toEqual({ code: 0, out: `${version}\n`, err: '' })
  expect(version).toMatch(/^\d+\.\d+\.\d+/)
})

it('leaves no listener for signals behind', async () => {
  const before = process.listenerCount('SIGINT')
  await run('status', ...nowhere)
  expect(process.listenerCount('SIGINT')).toBe(before)
})
