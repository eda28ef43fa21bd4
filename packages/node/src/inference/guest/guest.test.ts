import { decodeText } from '@heddle/protocol/base'
import { writeManifest } from '@heddle/protocol/model'
import { beforeAll, describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../runtime/index.ts'
import { tinyShape } from '../testing/chains.ts'
import { keepModel, memoryItems, smallTokenizer } from '../testing/kept-model.testing.ts'
import { tinyCheckpoint } from '../testing/receipt-vectors.ts'
import { compileModule, type ModelModule } from './compile.ts'
import type { ModelGuest } from './guest.ts'
import type { GuestImage } from './memory-image.ts'
import { packModel } from './packing.ts'

const tokenizer = smallTokenizer(tinyShape.vocab)
const memoryBytes = 2 ** 30
const environment = JSON.stringify({ Process: { Id: 'P', Tags: [] }, Module: { Tags: [] } })

type Reply = {
  readonly Error?: string
  readonly GasUsed: number
  readonly Output: { readonly receipt?: string }
  readonly Messages: readonly {
    readonly Target: string
    readonly Data: string
    readonly Tags: Tags
  }[]
}
type Tags = readonly { readonly name: string; readonly value: string }[]

async function packed(change = {}): Promise<Uint8Array> {
  const given = { name: 'tiny', checkpoint: tinyCheckpoint, tokenizer, change }
  const { manifest } = await keepModel(memoryItems(), given)
  return packModel({ manifest: writeManifest(manifest), tokenizer, weights: tinyCheckpoint })
}

describe('a model as a process', () => {
  let module: ModelModule
  beforeAll(async () => {
    module = await compileModule(await packed())
  })

  const open = (image?: GuestImage) => module.instantiate({ memoryBytes, image })

  /** Sends a message; `id` is 32 letters of it. */
  function tell(guest: ModelGuest, id: string, tags: Record<string, string>, data = 'AbcD') {
    const list = Object.entries(tags).map(([name, value]) => ({ name, value }))
    const message = { Id: id, From: 'me', Tags: list, Data: data }
    const seed = nodeCrypto.sha256(new TextEncoder().encode(id))
    const reply = guest.handle(JSON.stringify(message), environment, { seed })
    return JSON.parse(reply).response as Reply
  }
  const tag = (reply: Reply, name: string) =>
    reply.Messages[0]?.Tags.find((each) => each.name === name)?.value
  const long = { Action: 'Infer', 'Tokens-Max': '20', Temperature: '0.2', Seed: '11' }
  const cut = { ...long, 'Tokens-Per-Message': '6' }

  /** Goes on with an answer to its end; `between` may put another guest in place after each part. */
  async function goOn(
    start: ModelGuest,
    id: string,
    between = async (guest: ModelGuest) => guest,
  ): Promise<{ readonly text: string; readonly last: Reply; readonly gas: number }> {
    let guest = start
    let last = tell(guest, id, cut)
    let text = last.Messages[0]?.Data ?? ''
    let gas = last.GasUsed
    for (let turn = 0; tag(last, 'Finish') === 'more'; turn++) {
      guest = await between(guest)
      last = tell(guest, `${id}${turn}`, { Action: 'Continue', Session: id })
      text += last.Messages[0]?.Data
      gas += last.GasUsed
    }
    return { text, last, gas }
  }

  it('answers at once, in parts, and in parts across restarts alike', async () => {
    const whole = tell(await open(), 'M', long)
    const receipt = whole.Output.receipt ?? ''
    const digest = nodeCrypto.sha256(new TextEncoder().encode(receipt))
    expect(tag(whole, 'Receipt')).toBe(Buffer.from(digest).toString('base64url'))
    const parts = await goOn(await open(), 'M')
    const restarted = await goOn(await open(), 'M', async (guest) => {
      const image = guest.capture()
      guest.close()
      return await open(image)
    })
    for (const { text, last, gas } of [parts, restarted]) {
      expect(text).toBe(whole.Messages[0]?.Data)
      expect(last.Output.receipt).toBe(receipt)
      expect(gas).toBe(whole.GasUsed)
    }
    expect(tag(parts.last, 'Reference')).toBe('4')
  })

  it('has the same memory whether it was restarted or not', async () => {
    const run = async (between: (guest: ModelGuest) => Promise<ModelGuest>) => {
      let guest = await open()
      for (const id of ['a', 'b', 'c']) {
        tell(guest, id, cut)
        guest = await between(guest)
      }
      return Buffer.from(guest.memory())
    }
    const straight = await run(async (guest) => guest)
    const restarted = await run(async (guest) => open(guest.capture()))
    expect(restarted.equals(straight)).toBe(true)
    expect(decodeText(straight.subarray(4, 40))).toContain('"sent":3')
  })

  it('goes on with more answers than it has caches, for several processes', async () => {
    const guests = [await open(), await open()]
    const alone = await goOn(await open(), 'x')
    const ids = ['x', 'y', 'z', 'v']
    for (const guest of guests) for (const id of ids) tell(guest, id, cut)
    for (const guest of guests) {
      const second = tell(guest, 'x1', { Action: 'Continue', Session: 'x' })
      const third = tell(guest, 'x2', { Action: 'Continue', Session: 'x' })
      const fourth = tell(guest, 'x3', { Action: 'Continue', Session: 'x' })
      const last = [second, third, fourth].find(({ Output }) => Output.receipt !== undefined)
      expect(last?.Output.receipt).toBe(alone.last.Output.receipt)
    }
  })

  it('lets nobody else go on, and forgets the oldest of too many', async () => {
    const guest = await open()
    for (let i = 0; i < 17; i++) tell(guest, `m${i}`, cut)
    const first = tell(guest, 'late', { Action: 'Continue', Session: 'm0' })
    expect(first.Error).toContain('no answer m0 of me waits')
    const message = { Id: 'q', From: 'thief', Data: ' ' }
    const tags = [
      { name: 'Action', value: 'Continue' },
      { name: 'Session', value: 'm5' },
    ]
    const seed = new Uint8Array(32)
    const stolen = guest.handle(JSON.stringify({ ...message, Tags: tags }), environment, { seed })
    expect(JSON.parse(stolen).response.Error).toContain('of thief waits')
  })

  it('keeps to its gas, its memory limit and its weights', async () => {
    const guest = await open()
    const poor = JSON.stringify({
      Process: { Id: 'P', Tags: [{ name: 'Compute-Limit', value: '200' }] },
      Module: { Tags: [] },
    })
    const before = Buffer.from(guest.memory())
    const message = {
      Id: 'M',
      From: 'me',
      Data: 'AbcD',
      Tags: [{ name: 'Action', value: 'Infer' }],
    }
    const seed = new Uint8Array(32)
    const reply = guest.handle(JSON.stringify(message), poor, { seed })
    expect(JSON.parse(reply).response.Error).toContain('gas-exhausted')
    expect(before.equals(guest.memory())).toBe(true)
    const tight = module.instantiate({ memoryBytes: 2 ** 20 })
    await expect(tight).rejects.toMatchObject({ code: 'memory-limit-too-low' })
    const damaged = await packed()
    damaged[damaged.length - 5000] = (damaged[damaged.length - 5000] ?? 0) ^ 1
    await expect(compileModule(damaged)).rejects.toThrow('chunk 0 of the weights')
    await expect(compileModule(damaged)).rejects.toMatchObject({
      code: 'model-part-missing',
      kind: 'missing',
    })
    await expect(compileModule(new Uint8Array(3))).rejects.toMatchObject({ code: 'module-invalid' })
    await expect(compileModule(await packed({ shape: { ...tinyShape } }))).rejects.toThrow()
  })
})
