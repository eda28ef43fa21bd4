import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type NodeProcess, newDataFolder, removeFolder, startNodeProcess } from './node-process.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const launcher = join(root, 'packages/cli/bin/heddle.js')
const work = newDataFolder()
const home = join(work, 'home')
let node: NodeProcess

beforeAll(async () => {
  mkdirSync(home, { recursive: true })
  const started = await startNodeProcess(join(work, 'node'))
  if (started === undefined) throw new Error('no node')
  node = started
})

afterAll(async () => {
  expect(await node.stop()).toBe(0)
  removeFolder(work)
})

function environment() {
  return { ...process.env, HOME: home, HEDDLE_URL: node.url }
}

/** What comes of lines on the standard input of a console with a process of its own. */
function typed(lines: string): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [launcher, 'console'], { env: environment() })
  let [out, err] = ['', '']
  child.stdout.on('data', (part) => {
    out += part
  })
  child.stderr.on('data', (part) => {
    err += part
  })
  child.stdin.end(lines)
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })))
}

describe('heddle console, from a pipe', () => {
  it('evaluates whole pieces of code, one after another, in one process', async () => {
    const ran = await typed(
      'let a: number = 20\nfunction twice(n: number) {\n  return 2 * n\n}\ntwice(a) + 2\n',
    )
    expect(ran).toMatchObject({ code: 0, out: '42\n' })
  })

  it('tells errors and goes on; ends with 1', async () => {
    const ran = await typed("absent\n.nothing\n'still here'\nif (true) {\n")
    expect(ran).toMatchObject({ code: 1, out: 'still here\n' })
    expect(ran.err).toMatch(/ReferenceError: absent/)
    expect(ran.err).toMatch(/no command .nothing: .load/)
    expect(ran.err).toMatch(/nothing of it was sent/)
  })
})

const hasTmux = (() => {
  try {
    execFileSync('tmux', ['-V'])
    return true
  } catch {
    return false
  }
})()
if (!hasTmux) console.warn('heddle console in a terminal: skipped, tmux is not installed')

describe.skipIf(!hasTmux)('heddle console, in a terminal', () => {
  const socket = `heddle-${process.pid}`
  const tmux = (...args: string[]) => String(execFileSync('tmux', ['-L', socket, ...args]))
  const screen = () => tmux('capture-pane', '-p', '-e', '-t', 'console')
  const isOver = () => {
    try {
      return tmux('list-sessions') === ''
    } catch {
      return true
    }
  }
  const type = (...keys: string[]) => tmux('send-keys', '-t', 'console', ...keys)

  afterAll(() => {
    if (!isOver()) tmux('kill-server')
  })

  it('edits many lines, colours, shows errors, live prints and history', async () => {
    const env = Object.entries(environment())
    const chosen = env.filter(([name]) => /^(HOME|PATH|HEDDLE_URL)$/.test(name))
    const flags = chosen.flatMap(([name, value]) => ['-e', `${name}=${value}`])
    const size = ['-x', '120', '-y', '40']
    const command = `${process.execPath} ${launcher} console`
    tmux('new-session', '-d', '-s', 'console', ...size, ...flags, command)
    const sees = (what: RegExp) => expect.poll(screen).toMatch(what)
    await sees(/js>/)
    const actor = /js actor: (\S+)/.exec(screen())?.[1] ?? ''
    // What is typed before there is an answer waits for its turn.
    type('const five = 5; (five * 20)', 'Enter', 'on("Ping", () => {', 'Enter')
    // Cyan is the colour of keywords.
    await sees(/\[36mconst/)
    await sees(/^100/m)
    type('  print("pinged")', 'Enter', '})', 'Enter')
    await sees(/function/)
    type('five + missing', 'Enter')
    await sees(/missing is not defined/)
    const send = ['send', actor, '--action', 'Ping']
    execFileSync(process.execPath, [launcher, ...send], { env: environment() })
    await sees(/slot \d+ {2}pinged/)
    type('Up')
    await sees(/Inbox:0\]> five \+ missing/)
    type('C-u')
    type('C-d')
    await expect.poll(isOver).toBe(true)
  })
})
