import { ed25519Signer, nodeCrypto } from '@heddle/node/runtime'
import { decodeText } from '@heddle/protocol/base'
import { createItem, type Item, type Signer } from '@heddle/protocol/item'
import { moduleId, type Order, tagsOf } from './actor.ts'
import type { Dice } from './dice.ts'
import type { Cluster, SimulatedNode } from './node.ts'

/** An item a user posts until some node says that it has it. */
export type Posted = {
  readonly item: Item
  /** The log it belongs to. */
  readonly processId: string
  isAcknowledged: boolean
}

type Process = {
  readonly processId: string
  readonly host: SimulatedNode
  readonly hasCron: boolean
}

const patienceMs = 1500
const pauseMsMax = 400
const orders: readonly Order[] = ['count', 'pong', 'fan', 'burst', 'spawn', 'assign', 'fail']

/**
 * Users of the nodes: they spawn processes, have some of them ticked, write to them, and do each of it
 * again until they are answered.
 */
export class Users {
  readonly posted: Posted[] = []
  readonly #world: Cluster
  readonly #dice: Dice
  readonly #signer: Signer
  readonly #processes: Process[] = []

  constructor(world: Cluster) {
    this.#world = world
    this.#dice = world.dice.fork('users')
    this.#signer = ed25519Signer(this.#dice.bytes(32))
  }

  /** Does all of it; writing begins within `durationMs`. Resolves when everything is answered. */
  async act(durationMs: number): Promise<void> {
    const messages = this.#dice.whole(6, 16)
    await this.#spawnAll()
    const ticked = this.#processes.filter((process) => process.hasCron)
    await Promise.all(ticked.map((process) => this.#order('POST', process)))
    const times = Array.from({ length: messages }, () => this.#dice.between(0, durationMs))
    await Promise.all(times.map((afterMs) => this.#write(afterMs)))
    await this.#world.time.sleep(this.#dice.between(0, durationMs / 2))
    await Promise.all(ticked.map((process) => this.#order('DELETE', process)))
  }

  async #spawnAll(): Promise<void> {
    const hosts = this.#world.nodes.flatMap((host) =>
      Array.from({ length: this.#dice.whole(1, 2) }, () => host),
    )
    const posts: Promise<void>[] = []
    for (const host of hosts) {
      const hasCron = this.#dice.chance(0.25)
      const to = this.#processes.map((process) => process.processId).at(-1) ?? ''
      const cron = {
        'Cron-Interval': this.#dice.pick(['1-second', '3-seconds']),
        'Cron-Tag-Order': 'fan',
        'Cron-Tag-To': to,
      }
      const tags = { Type: 'Process', Module: moduleId, Scheduler: host.address }
      const item = await this.#sign({ ...tags, ...(hasCron ? cron : {}) })
      const process = { processId: item.id, host, hasCron }
      this.#processes.push(process)
      posts.push(this.#post(item, process))
    }
    await Promise.all(posts)
  }

  /** Has the ticks of a process begun (POST) or ended (DELETE). */
  async #order(method: string, { processId, host }: Process): Promise<void> {
    const item = await this.#sign({}, processId)
    const url = `/mu/monitor/${processId}`
    await this.#insist(() => this.#ask(host.name, method, url, item))
    this.#world.log.add(`${method} of ticks of ${processId} is answered`)
  }

  async #write(afterMs: number): Promise<void> {
    const processes = this.#processes
    const to = this.#dice.pick(processes)
    const order = this.#dice.pick(orders)
    const others = Array.from({ length: this.#dice.whole(1, 3) }, () => this.#dice.pick(processes))
    const tags = {
      Type: 'Message',
      Order: order,
      Hops: String(order === 'fan' ? this.#dice.whole(0, 1) : this.#dice.whole(1, 6)),
      To: others.map((other) => other.processId).join(','),
      ...(this.#dice.chance(0.5) ? { At: this.#dice.pick(this.#world.nodes).address } : {}),
    }
    const item = await this.#sign(tags, to.processId)
    await this.#world.time.sleep(afterMs)
    await this.#post(item, to)
  }

  async #sign(tags: Readonly<Record<string, string>>, target?: string): Promise<Item> {
    const draft = {
      ...(target === undefined ? {} : { target }),
      anchor: this.#dice.bytes(32),
      data: new Uint8Array([32]),
      tags: tagsOf({ 'Data-Protocol': 'ao', Variant: 'ao.TN.1', ...tags }),
    }
    const item = await createItem(draft, this.#signer, nodeCrypto)
    this.#world.items.set(item.id, item)
    return item
  }

  /** To any messenger, or to the process's own scheduler. A new process only where it belongs. */
  async #post(item: Item, { processId, host }: Process): Promise<void> {
    const { log, nodes } = this.#world
    const posted: Posted = { item, processId, isAcknowledged: false }
    this.posted.push(posted)
    await this.#insist(() => {
      const atHost = item.id === processId || this.#dice.chance(0.3)
      const node = atHost ? host : this.#dice.pick(nodes)
      const unit = atHost && this.#dice.chance(0.5) ? '/su/' : '/mu/'
      return this.#ask(node.name, 'POST', unit, item)
    })
    posted.isAcknowledged = true
    log.add(`acknowledged ${item.id}`)
  }

  async #insist(ask: () => Promise<boolean>): Promise<void> {
    while (!(await ask())) await this.#world.time.sleep(this.#dice.between(10, pauseMsMax))
  }

  async #ask(host: string, method: string, url: string, item: Item): Promise<boolean> {
    const { network, time } = this.#world
    const patience = new AbortController()
    const cancel = time.after(patienceMs, () => patience.abort())
    try {
      const call = { method, url, body: item.bytes.slice() }
      const { status, body } = await network.call('user', host, call, patience.signal)
      // A scheduler tells of a repeat with 400 and the first receipt.
      return status < 300 || decodeText(body).includes('"message-exists"')
    } catch {
      return false
    } finally {
      cancel()
    }
  }
}
