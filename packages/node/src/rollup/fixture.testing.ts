import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HeddleError } from '@heddle/protocol/base'
import { createItem, type Item, type Signer, verifyItem } from '@heddle/protocol/item'
import {
  type Assignment,
  assignmentDraft,
  hashChainNext,
  hashChainStart,
  type LogEntry,
  type Result,
} from '@heddle/protocol/message'
import { openJournal } from '../journal/index.ts'
import { createRuntime, ed25519Signer, nodeCrypto } from '../runtime/index.ts'
import { openHosting } from './hosting.ts'
import type { RollupOptions } from './options.ts'
import type { Items, ProcessLogs, Results } from './ports.ts'
import { createRollup } from './rollup.ts'

const runtime = createRuntime()
export const nodeKey = ed25519Signer(new Uint8Array(32).fill(1))
export const otherKey = ed25519Signer(new Uint8Array(32).fill(2))
const user = ed25519Signer(new Uint8Array(32).fill(3))

export function addressOf(signer: Signer): string {
  return Buffer.from(nodeCrypto.sha256(signer.owner)).toString('base64url')
}

/** A log in memory with real signatures and chain. */
export type MemoryLog = ProcessLogs & {
  spawn(): Promise<string>
  send(processId: string): Promise<void>
  /** Gives a slot to an item by its id alone. */
  assign(processId: string, item: Item): Promise<void>
  /** What slot n gave; a test may make it lie. */
  resultOf(slot: number): Result
}

export function memoryLog(signer: Signer): MemoryLog {
  const logs = new Map<string, LogEntry[]>()
  const listeners: ((processId: string, slot: number) => void)[] = []
  const tell = (processId: string, slot: number) => {
    for (const listener of listeners) listener(processId, slot)
  }
  const append = async (processId: string, message: Item, isById = false) => {
    const log = logs.get(processId) ?? []
    const last = log.at(-1)?.assignment
    const statement: Omit<Assignment, 'item'> = {
      processId,
      epoch: 0,
      slot: log.length,
      hashChain: last
        ? hashChainNext(last.item.id, last.hashChain, nodeCrypto)
        : hashChainStart(processId, nodeCrypto),
      blockHeight: 1,
      timestampMs: 1000 + log.length,
      messageId: message.id,
      exclude: [],
    }
    const item = await createItem(assignmentDraft(statement), signer, nodeCrypto)
    const entry = { assignment: { ...statement, item }, message: isById ? undefined : message }
    logs.set(processId, [...log, entry])
    tell(processId, statement.slot)
  }
  return {
    async spawn() {
      const item = await draft('Process')
      await append(item.id, item)
      return item.id
    },
    send: async (processId) => append(processId, await draft('Message', processId)),
    assign: (processId, item) => append(processId, item, true),
    resultOf: (slot) => resultAt(slot),
    entries: async (processId, fromSlot, limit) =>
      (logs.get(processId) ?? []).slice(fromSlot, fromSlot + limit),
    head: (processId) => logs.get(processId)?.length ?? 0,
    processes: () => logs.keys(),
    onScheduled: (listener) => void listeners.push(listener),
    async adopt(processId, entries) {
      const log = logs.get(processId) ?? []
      if (entries[0]?.assignment.slot !== log.length) throw new Error('slot taken')
      logs.set(processId, [...log, ...entries])
      for (const { assignment } of entries) tell(processId, assignment.slot)
    },
  }
}

export function draft(type: string, target?: string): Promise<Item> {
  const tags = { 'Data-Protocol': 'ao', Type: type, Variant: 'ao.TN.1' }
  const anchor = runtime.random.bytes(32)
  const list = Object.entries(tags).map(([name, value]) => ({ name, value }))
  const rest = target === undefined ? {} : { target }
  return createItem({ data: anchor, anchor, tags: list, ...rest }, user, nodeCrypto)
}

function resultAt(slot: number): Result {
  return { Messages: [], Spawns: [], Assignments: [], Output: `slot ${slot}`, GasUsed: 0 }
}

/** Evaluates at once what is in the log, up to `limit.slots`. */
export function memoryResults(
  log: MemoryLog,
  limit = { slots: Number.POSITIVE_INFINITY },
): Results {
  const evaluatedHead = (processId: string) => Math.min(limit.slots, log.head(processId))
  return {
    evaluatedHead,
    evaluations: async (processId, fromSlot, count) => {
      const end = Math.min(fromSlot + count, evaluatedHead(processId))
      const slots = Array.from({ length: Math.max(0, end - fromSlot) }, (_, i) => fromSlot + i)
      return slots.map((slot) => ({ slot, result: log.resultOf(slot) }))
    },
    onEvaluated: () => {},
    result: async (processId, slot) => {
      if (slot >= evaluatedHead(processId)) throw new HeddleError('pending', 'unavailable', 'wait')
    },
    publishCheckpoint: async () => undefined,
  }
}

/** Items kept in memory; `refuse` makes the next keep fail. */
export function memoryItems() {
  const kept = new Map<string, Item>()
  const state = { refuse: false }
  const items: Items = {
    keep: async (item) => {
      if (state.refuse) throw new HeddleError('items-busy', 'unavailable', 'busy')
      kept.set(item.id, item)
    },
    keptItem: async (id) => kept.get(id),
  }
  return { kept, state, items }
}

export type World = Awaited<ReturnType<typeof openWorld>>

/** A rollup room over a real journal, with neighbours in memory. */
export async function openWorld(given: {
  readonly signer?: Signer
  readonly log?: MemoryLog
  readonly results?: Results
  readonly stored?: ReturnType<typeof memoryItems>
  readonly folder?: string
  readonly fetch?: typeof globalThis.fetch
  readonly options?: Partial<RollupOptions>
}) {
  const signer = given.signer ?? nodeKey
  const log = given.log ?? memoryLog(signer)
  const results = given.results ?? memoryResults(log)
  const stored = given.stored ?? memoryItems()
  const folder = given.folder ?? (await mkdtemp(join(tmpdir(), 'heddle-rollup-')))
  const journal = await openJournal(folder, runtime)
  const epoch = await journal.claim()
  const hosting = await openHosting(journal, epoch, addressOf(signer))
  const warnings: string[] = []
  const rollup = createRollup(
    {
      log,
      results,
      items: stored.items,
      journal,
      epoch,
      signer,
      engine: nodeCrypto,
      verify: (item) => verifyItem(item, nodeCrypto),
      runtime,
      sources: [],
      fetch: given.fetch ?? globalThis.fetch,
      warn: (_, text) => void warnings.push(text),
    },
    hosting,
    given.options,
  )
  const close = async () => {
    await rollup.close()
    await journal.close()
  }
  const remove = () => rm(folder, { recursive: true, force: true })
  return { log, stored, folder, journal, hosting, rollup, warnings, close, remove }
}

/** A gateway that lists and serves what a store holds. */
export function gatewayOf(kept: ReadonlyMap<string, Item>): typeof globalThis.fetch {
  return async (input, init) => {
    const { pathname } = new URL(String(input))
    if (pathname === '/graphql') return Response.json(list(kept, JSON.parse(String(init?.body))))
    const item = kept.get(pathname.split('/')[2] ?? '')
    if (item === undefined) return new Response('', { status: 404 })
    const bytes = pathname.startsWith('/raw/') ? item.data : item.bytes
    return new Response(new Uint8Array(bytes))
  }
}

type Asked = {
  readonly variables: {
    readonly tags: readonly { readonly name: string; readonly values: readonly string[] }[]
    readonly owners?: readonly string[]
  }
}

function list(kept: ReadonlyMap<string, Item>, { variables }: Asked) {
  const nodes = [...kept.values()].map((item) => ({
    id: item.id,
    owner: { address: addressOf({ ...nodeKey, owner: item.owner }) },
    tags: item.tags,
  }))
  const wanted = nodes.filter(
    ({ owner, tags }) =>
      (variables.owners?.includes(owner.address) ?? true) &&
      variables.tags.every(({ name, values }) =>
        tags.some((tag) => tag.name === name && values.includes(tag.value)),
      ),
  )
  const edges = wanted.map((node) => ({ cursor: node.id, node }))
  return { data: { transactions: { pageInfo: { hasNextPage: false }, edges } } }
}
