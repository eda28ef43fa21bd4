import { cpSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { verifyItem } from '@heddle/protocol/item'
import { type OrderedLog, openJournal } from '../../journal/index.ts'
import { noBytes, type RouteReply } from '../../network/index.ts'
import { createRuntime, nodeCrypto } from '../../runtime/index.ts'
import { createCompute } from '../compute.ts'
import type { Compute } from '../face.ts'
import type { ComputeOptions } from '../options.ts'
import { FakeItems, FakeLog, testMessage, testModule, testProcess, testSigner } from './fake-log.ts'
import { evaluationTimeoutMs, openPatientWatchdog } from './patient-watchdog.ts'
import type { TestCommand } from './test-guest.ts'

/** A compute unit over a real journal in a folder of its own, and a log to feed it. */
export type TestUnit = {
  readonly folder: string
  readonly log: FakeLog
  readonly items: FakeItems
  readonly moduleId: string
  compute: Compute
  results: OrderedLog
  /** Resolves when the next guest says that it will not end. */
  endless(): Promise<void>
  /** Stops the unit and starts another on the same folder. */
  restart(options?: Partial<ComputeOptions>): Promise<void>
  /**
   * Goes on with a copy of the folder taken in the middle of the work, as after `kill -9`: what had
   * not reached the disk by then is gone.
   */
  crash(): Promise<void>
  spawn(data?: string): Promise<string>
  /** Schedules a command and returns its slot. */
  send(processId: string, command: TestCommand): Promise<number>
  /** The result of a command. */
  ask(processId: string, command: TestCommand): Promise<{ Error?: string; Output: unknown }>
  get(path: string, query?: Record<string, string>): Promise<RouteReply>
  post(
    path: string,
    query: Record<string, string>,
    body: unknown,
    peer?: string,
  ): Promise<RouteReply>
  close(): Promise<void>
}

export const workerUrl = new URL('./test-entry.ts', import.meta.url)

export async function startTestUnit(options: Partial<ComputeOptions> = {}): Promise<TestUnit> {
  const root = await mkdtemp(join(tmpdir(), 'heddle-compute-'))
  let folder = join(root, '0')
  await mkdir(folder)
  const log = new FakeLog()
  const items = new FakeItems()
  const module = items.add(await testModule())
  const given = { workers: 1, workerUrl, retryMs: 50, evaluationTimeoutMs, ...options }
  let watchdog: ReturnType<typeof openPatientWatchdog> | undefined
  const start = async (changed: Partial<ComputeOptions>) => {
    const runtime = createRuntime()
    const results = await openJournal(join(folder, 'results'), runtime)
    watchdog?.close()
    watchdog = openPatientWatchdog(runtime.timer)
    const compute = await createCompute(
      {
        log,
        items,
        verify: (item) => verifyItem(item, nodeCrypto),
        results,
        checkpointFolder: join(folder, 'checkpoints'),
        runtime: { ...runtime, timer: watchdog.timer },
        engine: nodeCrypto,
        address: 'A'.repeat(43),
        signer: testSigner(3),
        publish: async (item) => void items.add(item),
      },
      { ...given, ...changed },
    )
    return { results, compute }
  }
  const unit: TestUnit = {
    get folder() {
      return folder
    },
    log,
    items,
    moduleId: module.id,
    ...(await start({})),
    endless: async () => await watchdog?.endless(),
    async restart(changed = {}) {
      await unit.compute.close()
      await unit.results.close()
      log.detach()
      Object.assign(unit, await start(changed))
    },
    async crash() {
      const copy = join(root, String(Number(basename(folder)) + 1))
      // At once: nothing of this process runs meanwhile. What is being written aside is no file yet.
      cpSync(folder, copy, { recursive: true, filter: (path) => !path.endsWith('.new') })
      await unit.compute.close()
      await unit.results.close()
      log.detach()
      folder = copy
      Object.assign(unit, await start({}))
    },
    async spawn(data) {
      const item = await testProcess(module.id, data)
      await log.append(item.id, item)
      return item.id
    },
    async send(processId, command) {
      return await log.append(processId, await testMessage(processId, command))
    },
    async ask(processId, command) {
      const slot = await unit.send(processId, command)
      return (await unit.compute.result(processId, slot)).result
    },
    get: (path, query = {}) => request(unit.compute, 'GET', path, query, new Uint8Array(0)),
    post: (path, query, body, peer) => {
      const bytes = new TextEncoder().encode(JSON.stringify(body))
      return request(unit.compute, 'POST', path, query, bytes, peer)
    },
    async close() {
      await unit.compute.close()
      await unit.results.close()
      watchdog?.close()
      await rm(root, { recursive: true, force: true })
    },
  }
  return unit
}

/** Calls a route as the server would; path parameters by position. */
async function request(
  compute: Compute,
  method: string,
  path: string,
  query: Record<string, string>,
  body: Uint8Array,
  peer = '127.0.0.1',
): Promise<RouteReply> {
  const parts = path.split('/')
  for (const route of compute.routes()) {
    const pattern = route.path.split('/')
    const params: Record<string, string> = {}
    const fits = pattern.every((part, i) => {
      if (!part.startsWith(':')) return part === parts[i]
      params[part.slice(1)] = parts[i] ?? ''
      return true
    })
    if (!fits || pattern.length !== parts.length || route.method !== method) continue
    const controller = new AbortController()
    return await route.handle({
      params,
      query: new URLSearchParams(query),
      headers: {},
      body,
      stream: noBytes(),
      url: path,
      method,
      peer,
      signal: controller.signal,
    })
  }
  throw new Error(`no route ${method} ${path}`)
}

/** All of a body that is sent in parts. */
export async function bytesOf(body: unknown): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of body as AsyncIterable<Uint8Array>) parts.push(part)
  return Buffer.concat(parts)
}
