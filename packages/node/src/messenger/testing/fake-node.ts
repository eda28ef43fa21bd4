import { encodeBase64Url, encodeText, HeddleError } from '@heddle/protocol/base'
import {
  createItem,
  type Item,
  type ItemDraft,
  ownerAddress,
  parseItem,
  type Signer,
  type Tag,
  tagValue,
  verifyItem,
} from '@heddle/protocol/item'
import {
  assignmentDraft,
  hashChainStart,
  type LogEntry,
  readAssignment,
} from '@heddle/protocol/message'
import { replyError } from '../../network/index.ts'
import { createRuntime, ed25519Signer, nodeCrypto } from '../../runtime/index.ts'
import type { Evaluation, MessengerDeps, Receipt } from '../ports.ts'

const engine = nodeCrypto
const runtime = createRuntime()

/** What a process does with a message: the test's stand-in for a module. */
type Behaviour = (entry: LogEntry) => Partial<Evaluation['result']>

/** Decides, before a call, whether it fails: not done at all, or done and the answer lost. */
type Fault = (call: string) => 'before' | 'after' | undefined

const nothing: Evaluation['result'] = { Messages: [], Spawns: [], Assignments: [] }

export function signerOf(seed: number): Signer {
  return ed25519Signer(new Uint8Array(32).fill(seed))
}

export function itemOf(signer: Signer, draft: Partial<ItemDraft> & { tags?: readonly Tag[] }) {
  return createItem({ data: encodeText(' '), ...draft }, signer, engine)
}

export function tags(of: Record<string, string>): Tag[] {
  return Object.entries(of).map(([name, value]) => ({ name, value }))
}

/**
 * The neighbours of a messenger: a scheduler and a compute unit whose promises hold (what they answered
 * survives a crash of the messenger; repeats are told), and the node's items.
 */
export class FakeNode {
  readonly signer: Signer
  readonly address: string
  readonly url: string
  readonly logs = new Map<string, LogEntry[]>()
  readonly results = new Map<string, Evaluation[]>()
  readonly items = new Map<string, Item>()
  readonly kept: Item[] = []
  readonly announcements: Item[] = []
  height = 10
  fault: Fault = () => undefined
  /** What a call waits for before it is done. */
  stall: (call: string) => Promise<void> | undefined = () => undefined
  /** Sees every call of the messenger before and after it is done; may crash it. */
  watch: (call: string, phase: 'before' | 'after') => void = () => undefined
  #appending: Promise<unknown> = Promise.resolve()
  readonly #behaviours = new Map<string, Behaviour>()
  readonly #receipts = new Map<string, Receipt>()
  readonly #evaluated: ((processId: string, slot: number) => void)[] = []
  readonly #blocks: ((block: { height: number }) => void)[] = []

  constructor(seed: number, host: string, signer = signerOf(seed)) {
    this.signer = signer
    this.address = ownerAddress({ owner: this.signer.owner }, engine)
    this.url = `http://${host}`
  }

  /** Spawns a process and says what it does. */
  async spawn(owner: Signer, behaviour: Behaviour, extra: Tag[] = []): Promise<string> {
    const own = tags({ 'Data-Protocol': 'ao', Type: 'Process', Module: this.address })
    const item = await itemOf(owner, {
      tags: [...own, { name: 'Scheduler', value: this.address }, ...extra],
      anchor: runtime.random.bytes(32),
    })
    this.#behaviours.set(item.id, behaviour)
    await this.schedule(item)
    return item.id
  }

  /** Gives what is scheduled under an id a behaviour, for processes spawned by processes. */
  behave(processId: string, behaviour: Behaviour): void {
    this.#behaviours.set(processId, behaviour)
  }

  async send(signer: Signer, processId: string, of: Record<string, string> = {}): Promise<Item> {
    const item = await itemOf(signer, {
      target: processId,
      tags: tags({ 'Data-Protocol': 'ao', Type: 'Message', ...of }),
      anchor: runtime.random.bytes(32),
    })
    await this.schedule(item)
    return item
  }

  mine(height: number): void {
    this.height = height
    for (const listener of this.#blocks) listener({ height })
  }

  async schedule(item: Item): Promise<Receipt> {
    await runtime.timer.sleep(0)
    const isProcess = tagValue(item.tags, 'Type') === 'Process'
    const processId = isProcess ? item.id : encodeBase64Url(item.target)
    if (!isProcess && !this.logs.has(processId)) {
      throw new HeddleError('unknown-process', 'missing', `unknown process ${processId}`)
    }
    const name = tagValue(item.tags, 'Delivery-Id')
    const signer = ownerAddress(item, engine)
    const names = [`${processId} ${item.id}`, ...(name ? [`${processId} ${signer} ${name}`] : [])]
    return this.#append(processId, item, item.id, names)
  }

  async assign(processId: string, messageId: string): Promise<Receipt> {
    await runtime.timer.sleep(0)
    if (!this.logs.has(processId)) {
      throw new HeddleError('unknown-process', 'missing', `unknown process ${processId}`)
    }
    if (!this.items.has(messageId)) {
      throw new HeddleError('unknown-message', 'missing', `unknown message ${messageId}`)
    }
    return this.#append(processId, undefined, messageId, [`${processId} ${messageId}`])
  }

  /** Gives slots one after another, as one writer per log does. */
  #append(
    processId: string,
    message: Item | undefined,
    messageId: string,
    names: string[],
  ): Promise<Receipt> {
    const append = this.#appending.then(async () => {
      const before = names.map((name) => this.#receipts.get(name)).find((one) => one !== undefined)
      if (before !== undefined) {
        throw new HeddleError('message-exists', 'conflict', 'Message already exists', before)
      }
      const log = this.logs.get(processId) ?? []
      this.logs.set(processId, log)
      const slot = log.length
      const timestampMs = Math.floor(runtime.clock.nowMs())
      const draft = assignmentDraft({
        ...{ processId, epoch: 0, slot, messageId, exclude: [], timestampMs },
        hashChain: hashChainStart(processId, engine),
        blockHeight: this.height,
      })
      const item = await createItem(draft, this.signer, engine)
      const receipt = { id: messageId, processId, slot, timestampMs }
      for (const name of names) this.#receipts.set(name, receipt)
      if (message !== undefined) this.items.set(message.id, message)
      log.push({ message, assignment: readAssignment(item, engine) })
      queueMicrotask(() => this.#evaluate(processId))
      return receipt
    })
    this.#appending = append.catch(() => undefined)
    return append
  }

  /** Evaluates in slot order what has a slot. */
  #evaluate(processId: string): void {
    const results = this.results.get(processId) ?? []
    this.results.set(processId, results)
    for (const entry of (this.logs.get(processId) ?? []).slice(results.length)) {
      const result = { ...nothing, ...this.#behaviours.get(processId)?.(entry) }
      const { slot, messageId } = entry.assignment
      results.push({ processId, slot, messageId, result })
      for (const listener of this.#evaluated) listener(processId, slot)
    }
  }

  /** The ports as one run of a messenger sees them: after `isDead` no call comes back. */
  deps(
    stateFile: string,
    peers: readonly FakeNode[],
    fetch: typeof globalThis.fetch,
    isDead: () => boolean,
  ): MessengerDeps {
    const call = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
      if (isDead()) return new Promise<never>(() => undefined)
      this.watch(name, 'before')
      await this.stall(name)
      if (isDead()) return new Promise<never>(() => undefined)
      const fault = this.fault(name)
      const down = () => new HeddleError('disk-full', 'unavailable', `${name} fails on purpose`)
      if (fault === 'before') throw down()
      const value = await work()
      if (!isDead()) this.watch(name, 'after')
      if (fault === 'after') throw down()
      return isDead() ? new Promise<never>(() => undefined) : value
    }
    return {
      scheduler: {
        schedule: (item) => call('schedule', () => this.schedule(item)),
        assign: (processId, id) => call('assign', () => this.assign(processId, id)),
        entries: (processId, from, limit) =>
          call('entries', async () => (this.logs.get(processId) ?? []).slice(from, from + limit)),
        slotOf: async (processId, id) => this.#receipts.get(`${processId} ${id}`)?.slot,
        head: (processId) => this.logs.get(processId)?.length ?? 0,
        processes: () => this.logs.keys(),
      },
      compute: {
        evaluations: (processId, from, limit) =>
          call('evaluations', async () =>
            (this.results.get(processId) ?? []).slice(from, from + limit),
          ),
        evaluatedHead: (processId) => this.results.get(processId)?.length ?? 0,
        onEvaluated: (listener) => {
          this.#evaluated.push((processId, slot) => {
            if (!isDead()) listener(processId, slot)
          })
        },
      },
      items: {
        item: (id) => call('item', async () => this.items.get(id)),
        keep: (item) =>
          call('keep', async () => {
            this.kept.push(item)
          }),
        announcedSchedulers: async () => [],
        schedulerLocation: async (owner) => {
          const item = this.announcements.findLast((one) => ownerAddress(one, engine) === owner)
          return item && { item, blockHeight: 1 }
        },
      },
      verify: (item) => verifyItem(item, engine),
      signer: this.signer,
      engine,
      runtime,
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
      metrics: { count: () => undefined, gauge: () => undefined },
      stateFile,
      baseLayer: {
        tip: () => ({ height: this.height }),
        onBlock: (listener) => {
          this.#blocks.push((block) => {
            if (!isDead()) listener(block)
          })
        },
      },
      peers: peers.map((peer) => peer.url),
      publicUrl: this.url,
      fetch,
    }
  }

  /** Answers another node, as the real surfaces under /su and /graphql do. */
  async answer(path: string, method: string, body: Uint8Array): Promise<Response> {
    const url = new URL(path, this.url)
    try {
      if (url.pathname === '/graphql') return Response.json(this.#graphql(body))
      if (url.pathname.startsWith('/su/processes/')) return this.#process(url.pathname.slice(14))
      if (url.pathname === '/su/' && method === 'POST') {
        const assign = url.searchParams.get('assign')
        const receipt =
          assign === null
            ? await this.schedule(parseItem(body, engine))
            : await this.assign(url.searchParams.get('process-id') ?? '', assign)
        return Response.json({ id: receipt.id, timestamp: receipt.timestampMs })
      }
      return new Response('no such route', { status: 404 })
    } catch (error) {
      const { status, body: told } = replyError(error)
      return Response.json(told, { status })
    }
  }

  #process(id: string): Response {
    if (this.logs.has(id)) return Response.json({ process_id: id })
    return Response.json({ error: 'unknown process', code: 'unknown-process' }, { status: 404 })
  }

  #graphql(body: Uint8Array) {
    const { variables } = JSON.parse(new TextDecoder().decode(body)) as {
      variables: { ids?: string[]; owners?: string[] }
    }
    const byOwner = (item: Item) => variables.owners?.includes(ownerAddress(item, engine))
    const found = variables.ids
      ? [...this.items.values()].filter((item) => variables.ids?.includes(item.id))
      : this.announcements.filter(byOwner).slice(-1)
    const node = (item: Item) => ({
      id: item.id,
      owner: { address: ownerAddress(item, engine) },
      tags: item.tags,
      block: { height: this.height },
    })
    return { data: { transactions: { edges: found.map((item) => ({ node: node(item) })) } } }
  }
}

/** Delivery-Ids in a process's log, in slot order. */
export function arrived(node: FakeNode, processId: string): string[] {
  return (node.logs.get(processId) ?? []).flatMap(
    (entry) => tagValue(entry.message?.tags ?? [], 'Delivery-Id') ?? [],
  )
}
