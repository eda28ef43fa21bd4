import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert, encodeBase64Url } from '@heddle/protocol/base'
import { copyRequestDraft } from '@heddle/protocol/copies'
import { createItem, parseItem, type Signer, verifyItem } from '@heddle/protocol/item'
import { permanentRetention, type Retention, tagsOfRetention } from '@heddle/protocol/params'
import { openServer, type Route } from '../network/index.ts'
import { createRuntime, ed25519Signer, nodeCrypto } from '../runtime/index.ts'
import { openStore, type Store } from '../store/index.ts'
import { openCopies } from './copies.ts'
import type { PromisedItem } from './face.ts'
import type { CopiesOptions } from './options.ts'
import type { CopyItems } from './ports.ts'

const runtime = createRuntime()

/** What a node is made of, across its restarts. */
type Ground = {
  readonly folder: string
  readonly signer: Signer
  readonly kept: Set<string>
  readonly stakes: Map<string, bigint>
  readonly warnings: string[]
  readonly challenges: boolean[]
}

async function openRooms(ground: Ground, options: Partial<CopiesOptions>) {
  const { folder, signer, kept, stakes, warnings, challenges } = ground
  const deps = {
    runtime,
    engine: nodeCrypto,
    onDamage: () => {},
    onFault: (what: string) => warnings.push(what),
  }
  const store = await openStore(join(folder, 'store'), deps, { hashThreads: 0 })
  const items: CopyItems = {
    async keepCopy({ id, header, data, sha384 }) {
      const item = parseItem(header, nodeCrypto)
      const signed = { ...item, data: { sizeBytes: data.sizeBytes, sha384 } }
      if (item.id !== id || !(await verifyItem(signed, nodeCrypto))) throw new Error('not the item')
      kept.add(id)
    },
    isKept: async (id) => kept.has(id),
    stakeOf: async (who) => stakes.get(who) ?? 0n,
  }
  const copies = openCopies(
    join(folder, 'copies.sqlite'),
    {
      ...{ runtime, engine: nodeCrypto, signer, store, items, fetch: globalThis.fetch },
      warn: (_fields, text) => void warnings.push(text),
      onChallenge: (isProven) => void challenges.push(isProven),
    },
    { statementReuseMs: 0, lookEveryMs: 20, ...options },
  )
  copies.start()
  return { store, copies }
}

/** One node as far as copies go: a real store, a real server, real signatures; items in a set. */
export async function startTestNode(seed: number, given: Partial<CopiesOptions> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'heddle-copies-'))
  const signer = ed25519Signer(new Uint8Array(32).fill(seed))
  const address = addressOfSeed(seed)
  const lists = { kept: new Set<string>(), stakes: new Map(), warnings: [], challenges: [] }
  const ground: Ground = { folder, signer, ...lists }
  let rooms = await openRooms(ground, given)
  const socket = await openServer({ port: 0 })
  const routesNow = () => [...rooms.store.routes(), ...rooms.copies.routes()]
  // Of whichever rooms are open when a request comes.
  const routes = routesNow().map(
    (route, at): Route => ({
      ...route,
      handle: (request) => (routesNow()[at] ?? route).handle(request),
    }),
  )
  await socket.serve([{ prefix: '', routes }], { onInternalError: () => {} })
  let isServing = true
  const node = {
    ...ground,
    address,
    get store() {
      return rooms.store
    },
    get copies() {
      return rooms.copies
    },
    place: { url: socket.url, address },
    /** Ends the server: the node is gone for others. */
    async leave() {
      if (isServing) await socket.close()
      isServing = false
    },
    /** Closes store and copies and opens them again. */
    async reopen() {
      await rooms.copies.close()
      await rooms.store.close()
      rooms = await openRooms(ground, given)
    },
    async stop() {
      await node.leave()
      await rooms.copies.close()
      await rooms.store.close()
      await rm(folder, { recursive: true, force: true })
    },
    /** An item of these bytes, its data in this node's store. */
    item: (bytes: Uint8Array, retention: Partial<Retention>) =>
      makePromised(bytes, { ...permanentRetention, ...retention }, signer, rooms.store),
    /** Has its data forgotten here, as if the disk had been lost. */
    async lose({ id, data, retention }: PromisedItem) {
      await rooms.store.hold(data, id, { ...retention, untilMs: 0 })
      await rooms.store.collect()
    },
    /** Places an item and keeps it. */
    async keep(item: PromisedItem) {
      await rooms.copies.keep(item, async () => {
        await rooms.store.hold(item.data, item.id, item.retention)
        ground.kept.add(item.id)
      })
    },
  }
  return node
}

/** The address of a node of this seed, before it is started. */
export function addressOfSeed(seed: number): string {
  const { owner } = ed25519Signer(new Uint8Array(32).fill(seed))
  return encodeBase64Url(nodeCrypto.sha256(owner))
}

/** Someone nobody named. */
export const stranger = ed25519Signer(new Uint8Array(32).fill(200))

/** A request to keep 2,000 new bytes, with what is changed of it; signed by whom one likes. */
export async function askFor(
  keeper: TestNode,
  from: TestNode,
  signer: Signer,
  change: object = {},
) {
  const bytes = runtime.random.bytes(2000)
  const { id, header, data } = await from.item(bytes, {})
  const terms = { keeper: keeper.address, item: id, ...data, ...change }
  const nonce = runtime.random.bytes(32)
  const said = { timeMs: runtime.clock.nowMs(), header, nonce, ...change }
  const item = await createItem(copyRequestDraft(terms, said), signer, nodeCrypto)
  return { signed: item.bytes, request: item.id, bytes }
}

/** Posts bytes to a node: `taken`, or the code of its refusal. */
export async function postParts(
  { place: { url } }: TestNode,
  path: string,
  parts: readonly Uint8Array[],
): Promise<string> {
  const body = new Uint8Array(Buffer.concat(parts))
  const reply = await fetch(url + path, { method: 'POST', body })
  if (reply.ok) return 'taken'
  return ((await reply.json()) as { code: string }).code
}

async function makePromised(
  bytes: Uint8Array,
  retention: Retention,
  signer: Signer,
  store: Store,
): Promise<PromisedItem> {
  const draft = { data: bytes, tags: tagsOfRetention(retention) }
  const item = await createItem(draft, signer, nodeCrypto)
  const header = item.bytes.slice(0, item.bytes.length - bytes.length)
  const data = await store.write(streamOf(bytes))
  return { id: item.id, header, data, retention }
}

export type TestNode = Awaited<ReturnType<typeof startTestNode>>

async function* streamOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000)
}

/** Waits until something holds, for what happens behind a reply. */
export async function eventually(check: () => boolean | Promise<boolean>): Promise<void> {
  const startMs = runtime.clock.elapsedMs()
  while (!(await check())) {
    assert(runtime.clock.elapsedMs() - startMs < 120_000, 'did not come true')
    await runtime.timer.sleep(10)
  }
}
