import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { encodeText } from '@heddle/protocol/base'
import { portableCrypto } from '@heddle/protocol/crypto'
import { createItem, portableEd25519Signer } from '@heddle/protocol/item'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fetchModules } from '../scripts/fetch-modules.ts'
import {
  type NodeProcess,
  newDataFolder,
  removeFolder,
  runHeddle,
  startNodeProcess,
} from './node-process.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const launcher = join(root, 'packages/cli/bin/heddle.js')
const counterFile = join(root, 'examples/counter.ts')
const stranger = `${'A'.repeat(42)}E`
const modules = await fetchModules()
/** The smallest valid module. */
const tinyModule = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)

const work = newDataFolder()
const inWork = (name: string) => join(work, name)
const wallet = inWork('wallet.json')
let node: NodeProcess
let other: NodeProcess

beforeAll(async () => {
  const folders = [inWork('node'), inWork('other')]
  const [first, second] = await Promise.all(folders.map((folder) => startNodeProcess(folder)))
  if (first === undefined || second === undefined) throw new Error('no nodes')
  node = first
  other = second
  expect((await runHeddle(['keygen', wallet])).code).toBe(0)
})

afterAll(async () => {
  expect(await Promise.all([node.stop(), other.stop()])).toEqual([0, 0])
  removeFolder(work)
})

/** A command at the first node, with a wallet of its own: never the user's. */
function heddle(...args: string[]) {
  return runHeddle([...args, '--url', node.url, '--wallet', wallet])
}

/** A command that must do: its standard output. */
async function done(...args: string[]): Promise<string> {
  const { code, out, err } = await heddle(...args)
  expect({ code, err }).toEqual({ code: 0, err: expect.not.stringMatching(/error/i) })
  return out
}

/** A command with --json that must do: one line, which is JSON. */
async function json(...args: string[]) {
  const out = await done(...args, '--json')
  expect(out.trimEnd().split('\n')).toHaveLength(1)
  return JSON.parse(out)
}

/** A command that must be refused: one line on standard error, nothing on standard output. */
async function refused(code: number, ...args: string[]): Promise<string> {
  const ran = await heddle(...args)
  expect(ran).toEqual({ code, out: '', err: expect.stringMatching(/^[^\n]+\n$/) })
  return ran.err
}

async function spawnActor(source: string, ...args: string[]): Promise<string> {
  const path = inWork(`actor-${Math.random()}.js`)
  writeFileSync(path, source)
  return (await json('spawn', path, ...args)).id
}

describe('an actor, by hand', () => {
  it('spawn tells process, slot, time and where to look', async () => {
    const out = await done('spawn', counterFile, '--name', 'counter', '--tag', 'Topic=a=b')
    const [, id, url] = /^process {2}([\w-]{43}) {2}slot 0 {2}ready in [\d.]+ m?s {3}(\S+)\n$/.exec(
      out,
    ) ?? ['', '', '']
    expect(id).not.toBe('')
    expect((await fetch(String(url))).status).toBe(200)
    const { tags } = await (await fetch(`${node.url}/su/processes/${id}`)).json()
    expect(tags).toContainEqual({ name: 'Name', value: 'counter' })
    expect(tags).toContainEqual({ name: 'Topic', value: 'a=b' })
  })

  it('send, read, eval, result and results, for people and for machines', async () => {
    const { id, slot, url } = await json('spawn', counterFile)
    expect([id.length, slot, url]).toEqual([43, 0, `${node.url}/explorer/process/${id}`])

    const sent = await done('send', id, '--action', 'Inc', '--tag', 'By=2')
    expect(sent).toMatch(/^slot 1 {2}2 {2}\([\d.]+ m?s(, [\d,]+ gas)?\)\n$/)
    const second = await json('send', id, '-a', 'Inc')
    expect(second).toMatchObject({ slot: 2, result: { Messages: [{ Data: '3' }] } })

    const [read, readJson, evaluated, evalJson, result, resultJson] = await Promise.all([
      done('read', id, '--action', 'Inc'),
      json('read', id, '--action', 'Get'),
      done('eval', id, 'count * 2'),
      json('eval', id, 'count'),
      done('result', id, second.id),
      json('result', id, second.id),
    ])
    expect([read, evaluated, result]).toEqual(['4\n', '6\n', 'slot 2  3\n'])
    expect(readJson).toMatchObject({ Messages: [{ Data: '3' }] })
    expect(evalJson.result.Output.data).toBe('3')
    expect(resultJson).toEqual(second.result)

    const [results, page] = await Promise.all([
      done('results', id, '--sort', 'asc'),
      json('results', id, '--limit', '2'),
    ])
    expect(results).toMatch(/^slot 0 {2}done\nslot 1 {2}2\nslot 2 {2}3\nslot 3 {2}\d\nslot 4/)
    expect(page.results.map((each: { slot: number }) => each.slot)).toEqual([4, 3])
    expect(page.hasNextPage).toBe(true)
    const more = await heddle('results', id, '--limit', '1')
    expect(more.err).toBe(`more: --to ${page.results[0].cursor}\n`)
  })

  it('send shows what went elsewhere, and takes data from a file', async () => {
    const id = await spawnActor(`on('Tell', (msg) => {
      print('told')
      send({ target: msg.tags.To, action: 'Hint', data: msg.data })
    })`)
    const file = inWork('data.txt')
    writeFileSync(file, 'from a\nfile')
    const out = await done('send', id, '-a', 'Tell', '-t', `To=${stranger}`, '--file', file)
    const [first, second] = out.split('\n')
    expect(first).toMatch(/^slot 1 {2}told {2}\(/)
    expect(second).toBe(`→ ${stranger} Hint from a file`)
    const silent = ['-a', 'Nothing', '-d', 'x', '--no-wait']
    const { id: messageId } = await json('send', id, ...silent)
    expect(await done('result', id, messageId)).toMatch(/^slot 2 {2}/)
  })

  it('an Error of the process is exit 1, also as JSON', async () => {
    const { id } = await json('spawn', counterFile)
    const ran = await heddle('send', id, '-a', 'Inc', '-t', 'By=two')
    expect(ran).toMatchObject({ code: 1, out: '' })
    expect(ran.err).toMatch(/^slot 1 {2}RangeError: By must be a whole number, not two/)
    const machine = await heddle('send', id, '-a', 'Inc', '-t', 'By=two', '--json')
    expect(machine).toMatchObject({ code: 1, err: '' })
    expect(JSON.parse(machine.out)).toMatchObject({ slot: 2, result: { Error: expect.anything() } })
  })

  it('eval takes a file, its types left out', async () => {
    const { id } = await json('spawn', counterFile)
    const file = inWork('patch.ts')
    writeFileSync(file, 'count = 7 as number; count')
    expect(await done('eval', id, '--file', file)).toBe('7\n')
  })

  it('list shows the processes of the node', async () => {
    const { id } = await json('spawn', counterFile)
    const { total, processes } = await json('list', 'processes', '--limit', '1000')
    expect(total).toBe(processes.length)
    expect(processes.map((row: { process: string }) => row.process)).toContain(id)
    expect(await done('list', 'processes')).toContain(`${id}  1 slot\n`)
  })

  it('monitor and unmonitor turn the cron of its owner', async () => {
    const id = await spawnActor(
      `let n = 0; on((msg) => msg.cron, () => { n++ })`,
      '--tag',
      'Cron-Interval=1-second',
    )
    expect(await json('monitor', id)).toEqual({ process: id, monitored: true })
    expect(await done('unmonitor', id)).toBe(`process  ${id}  its cron is stopped\n`)
    const thief = inWork('thief.json')
    await runHeddle(['keygen', thief])
    const theft = await runHeddle(['monitor', id, '--url', node.url, '--wallet', thief])
    expect(theft).toMatchObject({ code: 1, err: expect.stringContaining('does not own') })
  })
})

describe('what takes long', () => {
  const asked = ['result', stranger, stranger]

  it('says after a second what it waits for', async () => {
    const { url, server, answer } = await serveWhenTold('{"Output":"late"}')
    const args = [launcher, ...asked, '--url', url, '--wallet', wallet, '--json']
    const child = spawn(process.execPath, args)
    child.stderr.once('data', answer)
    expect(await collect(child)).toEqual({
      code: 0,
      out: '{"Output":"late"}\n',
      err: expect.stringMatching(/^(waiting for the result… [1-9]\d* s\n)+$/),
    })
    server.close()
  })

  it('ends at a Ctrl-C, at once and in one line', async () => {
    const { url, server } = await serveWhenTold('{}')
    const args = [launcher, ...asked, '--url', url, '--wallet', wallet]
    const child = spawn(process.execPath, args)
    const ran = collect(child)
    await new Promise((resolve) => server.once('request', resolve))
    // The server never answers.
    child.kill('SIGINT')
    const err = expect.stringMatching(/^(waiting .*\n)*interrupted; what was sent stays sent\n$/)
    expect(await ran).toEqual({ code: 130, out: '', err })
    server.closeAllConnections()
    server.close()
  })
})

describe('files', () => {
  it('come back as they were, signature checked', async () => {
    const file = inWork('photo.png')
    writeFileSync(
      file,
      Uint8Array.from({ length: 5000 }, (_, i) => i % 251),
    )
    const { id, size, url } = await json('upload', file, '--tag', 'Title=x')
    expect(size).toBe(5000)
    const served = await fetch(url)
    expect(served.headers.get('content-type')).toBe('image/png')
    expect(await done('upload', file, '--tag', 'Title=x')).toBe(`item  ${id}  ${url}\n`)

    const copy = inWork('copy.png')
    const [written, piped, described] = await Promise.all([
      heddle('get', id, '--out', copy),
      collectBytes(['get', id, '--url', node.url]),
      json('get', id),
    ])
    expect(written).toMatchObject({ code: 0, out: '' })
    expect(readFileSync(copy).equals(readFileSync(file))).toBe(true)
    expect(piped.equals(readFileSync(file))).toBe(true)
    expect(described).toMatchObject({ id, size: 5000, data: readFileSync(file, 'base64url') })
    expect(described.tags).toContainEqual({ name: 'Title', value: 'x' })
  })

  it('that a node forged are not taken', async () => {
    const signer = portableEd25519Signer(new Uint8Array(32).fill(7))
    const { id, bytes } = await createItem({ data: encodeText('true') }, signer, portableCrypto)
    const forged = bytes.slice()
    forged.set(encodeText('fake'), forged.length - 4)
    const answers = new Map([
      [id, forged],
      [stranger, bytes],
    ])
    const { url, server } = await serve((path) => answers.get(path.replace('/item/', '')))
    for (const asked of [id, stranger]) {
      const ran = await runHeddle(['get', asked, '--url', url, '--out', inWork('forged')])
      expect(ran).toMatchObject({ code: 1, out: '', err: expect.stringContaining('do not trust') })
    }
    answers.set(id, bytes)
    expect((await runHeddle(['get', id, '--url', url])).out).toBe('true')
    expect(existsSync(inWork('forged'))).toBe(false)
    server.close()
  })

  it('that are not there are refused', async () => {
    const absent = inWork('absent')
    const [upload, get] = await Promise.all([
      refused(1, 'upload', absent),
      refused(1, 'get', stranger),
    ])
    expect(upload).toContain(`cannot read ${absent}`)
    expect(get).toContain(stranger)
  })
})

describe('modules', () => {
  it('are added from files, listed, and copied from another node', async () => {
    const file = inWork('tiny.wasm')
    writeFileSync(file, tinyModule)
    const { id, format } = await json('module', 'add', file, '--name', 'tiny')
    expect(format).toBe('wasm32-unknown-emscripten4')
    const asked = ['--format', 'my-format', '--memory-limit', '64-mb']
    const own = await done('module', 'add', file, ...asked)
    expect(own).toMatch(/^module {2}[\w-]{43} {2}my-format\n$/)
    const listed = (await json('module', 'list')).modules
    expect(listed).toContainEqual({ id, format, name: 'tiny' })
    expect(await done('module', 'list')).toContain(`${id}  ${format}  tiny\n`)

    const copy = ['module', 'add', id, '--url', other.url, '--json']
    const [copied, unasked, absent] = await Promise.all([
      runHeddle([...copy, '--from', node.url]),
      runHeddle(copy),
      refused(1, 'module', 'add', stranger, '--from', other.url),
    ])
    expect(JSON.parse(copied.out)).toEqual({ id, format })
    expect(unasked).toMatchObject({ code: 2, out: '', err: expect.stringContaining('--from URL') })
    expect(absent).toContain(stranger)
    const there = await runHeddle(['module', 'list', '--url', other.url])
    expect(there.out).toContain(id)
  })

  it('that are none are refused, from a file and from a node', async () => {
    const file = inWork('no.wasm')
    writeFileSync(file, 'not wasm')
    const { id } = await json('upload', file)
    const [fromFile, fromNode] = await Promise.all([
      refused(1, 'module', 'add', file),
      runHeddle(['module', 'add', id, '--from', node.url, '--url', other.url]),
    ])
    expect(fromFile).toContain('not a valid WebAssembly module')
    expect(fromNode).toMatchObject({ code: 1, err: expect.stringContaining('is not a module') })
  })

  it.skipIf('skipped' in modules)('of aos are told apart, and run', async () => {
    if ('skipped' in modules) return
    const [wasm32, wasm64] = await Promise.all([
      json('module', 'add', modules.wasm32),
      json('module', 'add', modules.wasm64),
    ])
    expect(wasm32.format).toBe('wasm32-unknown-emscripten4')
    expect(wasm64.format).toBe('wasm64-unknown-emscripten-draft_2024_02_15')
    const { id } = await json('spawn', '--module', wasm32.id)
    expect(await done('eval', id, '1 + 1')).toBe('2\n')
  })
})

describe('keygen', () => {
  it('makes a wallet for its owner’s eyes and never overwrites one', async () => {
    const path = inWork('key.json')
    const ran = await runHeddle(['keygen', path, '--json'])
    const { file, address } = JSON.parse(ran.out)
    expect([ran.code, ran.err, file]).toEqual([0, '', path])
    expect(address).toMatch(/^[\w-]{43}$/)
    expect(statSync(path).mode & 0o077).toBe(0)
    const before = readFileSync(path, 'utf8')
    const again = await runHeddle(['keygen', path])
    expect(again).toMatchObject({ code: 1, out: '', err: expect.stringContaining('exists') })
    expect(readFileSync(path, 'utf8')).toBe(before)
  })
})

describe('status', () => {
  it('shows the node', async () => {
    const [text, status] = await Promise.all([done('status'), json('status')])
    expect(text).toContain(`node       ${node.url}  ok  heddle `)
    expect(text).toContain(`address    ${status.address}`)
    expect(status).toMatchObject({ status: 'ok', modules: { js: expect.any(String) } })
  })

  it('of what is down, or no node at all, is refused', async () => {
    const { url, server } = await serve(() => encodeText('<html>'))
    const stranger = await runHeddle(['status', '--url', url, '--json'])
    expect(stranger).toMatchObject({ code: 1, out: '' })
    expect(stranger.err).toMatch(/is it the URL of a Heddle node/)
    server.close()
    const down = await runHeddle(['status', '--url', url, '--json'])
    expect(down).toMatchObject({ code: 1, out: '' })
    expect(down.err).toBe(
      `no node answers at ${url} (ECONNREFUSED): start one with \`heddle up\`, or give another URL\n`,
    )
  })
})

describe('refusals', () => {
  it('say in one line what is wrong and what to do', async () => {
    const broken = inWork('broken.js')
    writeFileSync(broken, 'this is no JavaScript')
    const badWallet = inWork('bad-wallet.json')
    writeFileSync(badWallet, '{"kty":"oct"}')
    const withWallet = (path: string) =>
      runHeddle(['send', stranger, '--url', node.url, '--wallet', path])
    const [unknown, unread, absent, source, none, bad] = await Promise.all([
      refused(1, 'send', stranger, '-a', 'Inc'),
      refused(1, 'result', stranger, stranger),
      refused(1, 'spawn', 'absent.ts'),
      refused(1, 'spawn', broken),
      withWallet(inWork('none.json')),
      withWallet(badWallet),
    ])
    expect(unknown).toContain(`unknown process ${stranger}`)
    expect(unread).toMatch(/heddle list processes/)
    expect(absent).toContain('cannot read absent.ts')
    expect(source).toMatch(/first evaluation failed: SyntaxError/)
    expect(none).toMatchObject({ code: 1, err: expect.stringContaining('heddle keygen') })
    expect(bad).toMatchObject({
      code: 1,
      err: expect.stringContaining('RSA, Ed25519 and secp256k1'),
    })
  })
})

describe('up', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('stops at %s, exit 0, without a word', async (signal) => {
    const started = await startNodeProcess(inWork(`up-${signal}`))
    expect((await fetch(`${started.url}/healthz`)).status).toBe(200)
    const exited = new Promise((resolve) => started.child.once('exit', resolve))
    started.child.kill(signal)
    expect(await exited).toBe(0)
    // A slow machine is told that it starts; nothing else is worth a line.
    expect(started.errors()).toMatch(/^(starting… \d+ s\n)*$/)
    await expect(fetch(`${started.url}/healthz`)).rejects.toThrow()
  })

  it('refuses a folder another node has, and one that is none', async () => {
    const file = inWork('a-file')
    writeFileSync(file, '')
    const [second, noFolder] = await Promise.all([
      runHeddle(['up', '--port', '0', '--data', node.folder]),
      runHeddle(['up', '--port', '0', '--data', file]),
    ])
    expect(second).toMatchObject({ code: 1, out: '' })
    expect(second.err).toMatch(/^[^\n]*in use by another node[^\n]*--data\n$/)
    expect(noFolder).toMatchObject({ code: 1, out: '' })
    expect(noFolder.err).toMatch(/^cannot start on data folder [^\n]*--data\n$/)
  })

  it('tells wrong usage before anything is written', async () => {
    const folder = inWork('never')
    const runs = ['--port=abc', '--wrong', 'argument'].map((arg) => {
      return runHeddle(['up', '--data', folder, arg])
    })
    for (const ran of await Promise.all(runs)) {
      expect(ran).toEqual({ code: 2, out: '', err: expect.stringMatching(/^[^\n]+\n$/) })
    }
    expect(existsSync(folder)).toBe(false)
  })
})

describe('the launcher', () => {
  const older = olderNode()

  it.skipIf(older === undefined)('hands over to Node 24 from an older one', async () => {
    const version = execFileSync(older ?? '', [launcher, '--version'], { encoding: 'utf8' })
    expect(version).toMatch(/^\d+\.\d+\.\d+\n$/)
    const args = [launcher, 'up', '--port', '0', '--data', inWork('launched')]
    const child = spawn(older ?? '', args)
    const ran = collect(child)
    await new Promise((resolve) => child.stdout.once('data', resolve))
    // As a terminal and npm together do.
    child.kill('SIGINT')
    child.kill('SIGINT')
    // A slow start says that it goes on; nothing else is said.
    const err = expect.stringMatching(/^(starting… \d+ s\n)*$/)
    expect(await ran).toMatchObject({ code: 0, err })
  })

  it('is found by npx from the root', async () => {
    const shell = process.platform === 'win32'
    const child = spawn('npx', ['--no', 'heddle', '--version'], { cwd: root, shell })
    const { code, out } = await collect(child)
    expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
  })

  it('ends quietly when nobody reads on', async () => {
    const child = spawn(process.execPath, [launcher, '--help'])
    child.stdout.destroy()
    expect(await collect(child)).toMatchObject({ code: 0, err: '' })
  })
})

/** A Node between 20 and 24 on this machine's path, if there is one. */
function olderNode(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders
    .map((folder) => join(folder, 'node'))
    .filter((path) => existsSync(path))
    .find((path) => {
      const version = execFileSync(path, ['--version'], { encoding: 'utf8' })
      return /^v2[0-3]\./.test(version)
    })
}

async function collect(child: ChildProcess) {
  let out = ''
  let err = ''
  child.stdout?.on('data', (chunk) => {
    out += chunk
  })
  child.stderr?.on('data', (chunk) => {
    err += chunk
  })
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, out, err }
}

async function collectBytes(args: readonly string[]): Promise<Buffer> {
  const child = spawn(process.execPath, [launcher, ...args])
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk) => chunks.push(chunk))
  await new Promise((resolve) => child.on('close', resolve))
  return Buffer.concat(chunks)
}

/** A small server that answers with these bytes, 404 where there are none. */
function serve(answer: (path: string) => Uint8Array | undefined) {
  return listen((request, response) => {
    const bytes = answer(request.url ?? '')
    response.writeHead(bytes === undefined ? 404 : 200, { connection: 'close' }).end(bytes)
  })
}

/** One that answers when it is told to, and not before. */
async function serveWhenTold(body: string) {
  const { promise, resolve } = Promise.withResolvers<void>()
  const served = await listen(async (_request, response) => {
    await promise
    response.end(body)
  })
  return { ...served, answer: () => resolve() }
}

async function listen(listener: RequestListener) {
  const server: Server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}
