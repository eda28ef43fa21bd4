import { generateKeyPairSync } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { encodeBase64Url } from '@heddle/protocol/base'
import { type Signer, type Tag, tagValue } from '@heddle/protocol/item'
import { describe, expect, it } from 'vitest'
import { arweaveSigner } from '../runtime/index.ts'
import { fakeFetch } from './testing/fake-network.ts'
import { arrived, FakeNode, signerOf, tags } from './testing/fake-node.ts'
import { type Run, startMessenger, until } from './testing/run-messenger.ts'

const user = signerOf(200)
const wallet = encodeBase64Url(new Uint8Array(32).fill(99))

/** One slot that emits one of everything: to here, elsewhere, a wallet, nobody; spawns and assigns. */
class Scene {
  readonly here: FakeNode
  readonly there = new FakeNode(2, 'b')
  local = ''
  remote = ''
  sender = ''
  #run: Run | undefined
  #stateFile: string | undefined

  constructor(signer: Signer) {
    this.here = new FakeNode(1, 'a', signer)
  }

  async start(): Promise<void> {
    this.local = await this.here.spawn(user, () => ({}))
    this.remote = await this.there.spawn(user, () => ({}))
    const existing = await this.here.send(user, this.local)
    const to = (Target: string, extra: Tag[] = []) => ({ Target, Anchor: '', Tags: extra })
    this.sender = await this.here.spawn(user, ({ message }) => {
      if (tagValue(message?.tags ?? [], 'Go') === undefined) return {}
      return {
        Messages: [
          to(this.local, [{ name: 'Assignments', value: this.sender }]),
          to(this.remote),
          to(this.remote),
          to(wallet),
          to('nobody'),
          to(this.local),
        ],
        Spawns: [{ Anchor: '', Tags: tags({ Module: wallet }) }],
        Assignments: [{ Processes: [this.sender], Message: existing.id }],
      }
    })
    await this.run()
  }

  async run(): Promise<void> {
    this.#run = await startMessenger(this.here, {
      peers: [this.there],
      fetch: fakeFetch([this.here, this.there]),
      ...(this.#stateFile === undefined ? {} : { stateFile: this.#stateFile }),
    })
  }

  crash(): void {
    this.#stateFile = this.#run?.crash()
  }

  /** Waits until all is delivered, then checks that each thing happened exactly once. */
  async check(): Promise<void> {
    await until(async () => {
      const reply = await this.#run?.request('GET', `/outbox?process-id=${this.sender}`)
      const { pending, throughSlot, dead } = (reply?.body ?? {}) as Record<string, number>
      // Process, order, Spawned and two assignments.
      return pending === 0 && throughSlot === 5 && dead === 1
    })
    const name = (index: number) => `${this.sender}/0/1/${index}`
    expect(arrived(this.here, this.local)).toEqual([name(0), name(5)])
    expect(arrived(this.there, this.remote)).toEqual([name(1), name(2)])
    expect(new Set(this.here.kept.map((item) => item.id)).size).toBe(1)
    // Process, order, Spawned, and two assignments.
    const log = this.here.logs.get(this.sender) ?? []
    expect(log).toHaveLength(5)
    expect(arrived(this.here, this.sender)).toEqual([`${name(6)}/spawned`])
    expect(this.here.logs.size).toBe(3)
  }

  async close(): Promise<void> {
    await this.#run?.close()
  }
}

async function play(signer: Signer, crashAt: number): Promise<number> {
  const scene = new Scene(signer)
  let calls = 0
  let restarted: Promise<void> | undefined
  await scene.start()
  scene.here.watch = () => {
    if (++calls !== crashAt) return
    scene.crash()
    restarted = scene.run()
  }
  try {
    await scene.here.send(user, scene.sender, { Go: '1' })
    await scene.check()
    // It may have come at the last moment. How many calls there are hangs on which go together, so the
    // last ones of another play may not come in this one.
    if (restarted !== undefined) {
      await restarted
      await scene.check()
    }
    return calls
  } finally {
    await scene.close()
  }
}

describe('a crash before or after any call', () => {
  it('loses and doubles nothing', async () => {
    const calls = await play(signerOf(1), 0)
    expect(calls).toBeGreaterThan(20)
    for (let crashAt = 1; crashAt <= calls - 4; crashAt++) await play(signerOf(1), crashAt)
  })

  it('loses and doubles nothing with a key that signs at random', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 4096 })
    const signer = arweaveSigner(privateKey.export({ format: 'jwk' }))
    const calls = await play(signer, 0)
    for (let crashAt = 2; crashAt <= calls - 4; crashAt += 3) await play(signer, crashAt)
  })
})

describe('a crash between letters in memory and rows behind them', () => {
  it('lets no row overtake a letter that has to be read again', async () => {
    const node = new FakeNode(1, 'a')
    const receiver = await node.spawn(user, () => ({}))
    const message = () => ({ Target: receiver, Anchor: '', Tags: [] })
    const sender = await node.spawn(user, ({ assignment }) =>
      assignment.slot === 0 ? {} : { Messages: Array.from({ length: 8 }, message) },
    )
    // Four letters stay in memory, the first on its way for ever; the others become rows.
    node.stall = (call) => (call === 'schedule' ? new Promise(() => undefined) : undefined)
    const first = await startMessenger(node, { options: { freshMax: 1 } })
    await node.send(user, sender)
    await until(() => {
      const database = new DatabaseSync(first.stateFile, { readOnly: true })
      const row = database.prepare('SELECT count(*) AS letters FROM letters').get()
      database.close()
      return row?.letters === 4
    })
    const stateFile = first.crash()
    node.stall = () => undefined
    const second = await startMessenger(node, { stateFile })
    await until(() => arrived(node, receiver).length === 8)
    const expected = Array.from({ length: 8 }, (_, index) => `${sender}/0/1/${index}`)
    expect(arrived(node, receiver)).toEqual(expected)
    await second.close()
  })
})
