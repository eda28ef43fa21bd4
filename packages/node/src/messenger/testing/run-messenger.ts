import { copyFileSync, existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { noBytes, type RouteReply, type RouteRequest, replyError } from '../../network/index.ts'
import { createRuntime } from '../../runtime/index.ts'
import { createMessenger, type Messenger, type MessengerOptions } from '../index.ts'
import type { MessengerDeps } from '../ports.ts'
import { fakeFetch } from './fake-network.ts'
import type { FakeNode } from './fake-node.ts'

const runtime = createRuntime()

/** Fast retries, so that tests that fail on purpose are quick. */
const quick: Partial<MessengerOptions> = {
  retryBaseMs: 2,
  retryCapMs: 20,
  commitDelayMs: 5,
  nodePauseMs: 1,
  nodePauseCapMs: 10,
  requestTimeoutMs: 60_000,
  stateRetryMs: 20,
  closeGraceMs: 100,
}

/** One run of a messenger; `crash` leaves only what a power cut would. */
export type Run = {
  readonly messenger: Messenger
  readonly stateFile: string
  request(method: string, url: string, body?: Uint8Array, peer?: string): Promise<RouteReply>
  /** Resolves with the state file a new run finds. */
  crash(): string
  close(): Promise<void>
}

export async function startMessenger(
  node: FakeNode,
  given: {
    peers?: readonly FakeNode[]
    fetch?: typeof globalThis.fetch
    stateFile?: string
    options?: Partial<MessengerOptions>
    deps?: Partial<MessengerDeps>
  } = {},
): Promise<Run> {
  const peers = given.peers ?? []
  const stateFile = given.stateFile ?? join(newFolder(), 'messenger.sqlite')
  let isDead = false
  const fetch = given.fetch ?? fakeFetch(peers)
  const deps = { ...node.deps(stateFile, peers, fetch, () => isDead), ...given.deps }
  const messenger = await createMessenger(deps, { ...quick, ...given.options })
  const routes = messenger.routes()
  return {
    messenger,
    stateFile,
    request: (method, url, body, peer) => callRoute(routes, method, url, body, peer),
    crash() {
      isDead = true
      // What is committed is in these two files; the open transaction and all memory are lost.
      const copy = join(newFolder(), 'messenger.sqlite')
      copyFileSync(stateFile, copy)
      if (existsSync(`${stateFile}-wal`)) copyFileSync(`${stateFile}-wal`, `${copy}-wal`)
      void messenger.close()
      return copy
    },
    close: () => messenger.close(),
  }
}

function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'heddle-messenger-'))
}

async function callRoute(
  routes: ReturnType<Messenger['routes']>,
  method: string,
  url: string,
  body: Uint8Array = new Uint8Array(0),
  peer = '127.0.0.1',
): Promise<RouteReply> {
  const [path = '/', query = ''] = url.split('?')
  for (const route of routes) {
    const names: string[] = []
    const pattern = route.path.replace(/:(\w+)/g, (_all, name: string) => {
      names.push(name)
      return '([^/]+)'
    })
    const match = new RegExp(`^${pattern}$`).exec(path)
    if (route.method !== method || match === null) continue
    const params = Object.fromEntries(names.map((name, at) => [name, match[at + 1] ?? '']))
    const request: RouteRequest = {
      ...{ params, body, stream: noBytes(), url, method, peer, headers: {} },
      query: new URLSearchParams(query),
      signal: new AbortController().signal,
    }
    try {
      return await route.handle(request)
    } catch (error) {
      return replyError(error)
    }
  }
  throw new Error(`no route ${method} ${path}`)
}

/** Waits until `isSo`, or fails after `patienceMs`. */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  patienceMs = 120_000,
): Promise<void> {
  const startMs = runtime.clock.elapsedMs()
  while (!(await isSo())) {
    if (runtime.clock.elapsedMs() - startMs > patienceMs) throw new Error(`waited in vain: ${isSo}`)
    await runtime.timer.sleep(2)
  }
}
