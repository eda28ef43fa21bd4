import { encodeBase64Url } from '@heddle/protocol/base'
import { tagValue } from '@heddle/protocol/item'
import type { LogEntry } from '@heddle/protocol/message'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { MessengerOptions } from './options.ts'
import { fakeFetch } from './testing/fake-network.ts'
import { arrived, FakeNode, signerOf } from './testing/fake-node.ts'
import { type Run, startMessenger, until } from './testing/run-messenger.ts'

const user = signerOf(200)
const wallet = encodeBase64Url(new Uint8Array(32).fill(99))

/** Small and seeded: the same case gives the same choices. */
function chance(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** Two nodes whose messengers can be crashed, and four processes that emit what they are told. */
class World {
  readonly nodes = [new FakeNode(1, 'a'), new FakeNode(2, 'b')]
  readonly processes: { id: string; node: FakeNode }[] = []
  readonly sent: { from: string; slot: number; index: number; to: string }[] = []
  readonly #runs: (Run | undefined)[] = [undefined, undefined]
  readonly #files: (string | undefined)[] = [undefined, undefined]
  readonly #draw: () => number
  readonly #options: Partial<MessengerOptions>
  #calm = false
  crashes = 0

  constructor(seed: number) {
    this.#draw = chance(seed)
    this.#options = {
      giveUpAfterMs: 3_600_000,
      // Long enough that later letters come while earlier ones wait.
      retryBaseMs: 15,
      retryCapMs: 30,
      // With and without room.
      freshMax: seed % 2 === 0 ? 1 : 4096,
      pendingMax: seed % 3 === 0 ? 3 : 1_000_000,
    }
  }

  async start(): Promise<void> {
    for (const node of this.nodes) {
      for (let count = 0; count < 2; count++) {
        const id = await node.spawn(user, (entry) => this.#emit(entry))
        this.processes.push({ id, node })
      }
      node.fault = () => this.#pick(0.15, ['before', 'after'] as const)
    }
    await Promise.all([this.restart(0), this.restart(1)])
  }

  /** The targets a message names become messages, in that order. */
  #emit({ message, assignment }: LogEntry) {
    const targets = tagValue(message?.tags ?? [], 'Go')?.split(',') ?? []
    const Messages = targets.map((name, index) => {
      const to = this.processes[Number(name)]?.id ?? wallet
      this.sent.push({ from: assignment.processId, slot: assignment.slot, index, to })
      return { Target: to, Anchor: '', Tags: [] }
    })
    return { Messages }
  }

  #pick<T>(likelihood: number, among: readonly T[]): T | undefined {
    if (this.#calm || this.#draw() > likelihood) return undefined
    return among[Math.floor(this.#draw() * among.length)]
  }

  async restart(at: number): Promise<void> {
    const node = this.nodes[at]
    if (node === undefined) return
    const run = this.#runs[at]
    if (run !== undefined) {
      this.#files[at] = run.crash()
      this.crashes++
    }
    const peers = this.nodes.filter((other) => other !== node)
    const fetch = fakeFetch(this.nodes, () =>
      this.#pick(0.2, ['before', 'after', 'twice', 'late', 'stray', 'busy'] as const),
    )
    const stateFile = this.#files[at]
    this.#runs[at] = await startMessenger(node, {
      peers,
      fetch,
      options: this.#options,
      ...(stateFile === undefined ? {} : { stateFile }),
    })
  }

  async play(
    orders: readonly { process: number; targets: readonly number[] }[],
    crashAt: number[],
  ) {
    for (const [step, order] of orders.entries()) {
      const process = this.processes[order.process]
      if (process === undefined) continue
      await process.node.send(user, process.id, { Go: order.targets.join(',') })
      if (crashAt.includes(step)) await this.restart(step % 2)
    }
    this.#calm = true
    await until(() => this.#isQuiet())
  }

  async #isQuiet(): Promise<boolean> {
    for (const { id, node } of this.processes) {
      const run = this.#runs[this.nodes.indexOf(node)]
      const reply = await run?.request('GET', `/outbox?process-id=${id}`)
      const { pending, throughSlot, evaluatedSlots } = (reply?.body ?? {}) as Record<string, number>
      if (pending !== 0 || throughSlot !== evaluatedSlots) return false
      if (evaluatedSlots !== node.logs.get(id)?.length) return false
    }
    return true
  }

  async close(): Promise<void> {
    for (const run of this.#runs) await run?.close()
  }
}

const order = fc.record({
  process: fc.nat(3),
  // 4 is the wallet.
  targets: fc.array(fc.nat(4), { minLength: 1, maxLength: 4 }),
})

describe('delivery', () => {
  it('brings each (process, slot, index) once and in order, whatever fails and crashes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(order, { minLength: 1, maxLength: 12 }),
        fc.array(fc.nat(11), { maxLength: 4 }),
        fc.nat(),
        async (orders, crashAt, seed) => {
          const world = new World(seed)
          await world.start()
          try {
            await world.play(orders, crashAt)
            for (const { id, node } of world.processes) {
              const expected = world.sent.filter((one) => one.to === id).map(nameOf)
              const got = arrived(node, id)
              expect([...got].sort()).toEqual([...expected].sort())
              for (const { id: from } of world.processes) {
                const order = (names: string[]) => names.filter((name) => name.startsWith(from))
                expect(order(got)).toEqual(order(expected))
              }
            }
            const kept = new Map(
              world.nodes.flatMap((node) =>
                node.kept.map((item) => [item.id, tagValue(item.tags, 'Delivery-Id')] as const),
              ),
            )
            const toWallet = world.sent.filter((one) => one.to === wallet).map(nameOf)
            expect([...kept.values()].sort()).toEqual(toWallet.sort())
          } finally {
            await world.close()
          }
        },
      ),
      { numRuns: 25 },
    )
  })
})

function nameOf(one: { from: string; slot: number; index: number }): string {
  return `${one.from}/0/${one.slot}/${one.index}`
}
