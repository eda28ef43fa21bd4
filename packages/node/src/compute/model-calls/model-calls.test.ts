import { HeddleError } from '@heddle/protocol/base'
import { modelCalls } from '@heddle/protocol/params'
import { describe, expect, it } from 'vitest'
import type { CallableModel, Guest } from '../guest/ports.ts'
import { jsGuestModule } from '../guest-js/testing/test-actor.ts'
import { compileRawGuest } from '../guest-raw/compile.ts'
import { buildModule, int, long, types } from '../prepare/testing/build-module.ts'
import { runGuest } from '../worker/run-guest.ts'
import { withModels } from './bind.ts'

const { i32, i64 } = types
const memoryBytes = 64 * 2 ** 20
const models = ['first model', 'second model']

/** Answers with what it was asked; `gas` in the prompt says what it costs. */
const echo: CallableModel = {
  complete: (request, { gasMax, seed }) => {
    const prompt = String(request.prompt)
    const gasUsed = Number(/gas (\d+)/.exec(prompt)?.[1] ?? 10)
    if (gasUsed > gasMax) throw new HeddleError('gas-exhausted', 'exhausted', 'not enough')
    if (prompt === 'wrong') throw new HeddleError('context-exceeded', 'exhausted', 'too long')
    if (prompt === 'broken') throw new RangeError('no memory')
    return { reply: { text: `${prompt} ${seed}`, receipt: 'R' }, receipt: `of ${prompt}`, gasUsed }
  },
}

const source = `let n = 0
  on('Ask', (msg) => { n++; msg.reply({ data: model.complete(msg.json()) }) })
  on('Try', (msg) => { n++; try { model.complete(msg.json()) } catch {} ; msg.reply({ data: 'went on' }) })
  on('Twice', (msg) => msg.reply({ data: [1, 2].map(() => model.complete({ prompt: 'x' }).text) }))
  on('Get', (msg) => msg.reply({ data: n }))`

async function openActor(tags: Record<string, string> = {}): Promise<Told> {
  const program = await jsGuestModule()
  const module = withModels(program, models, () => ({ ...program, callable: echo }))
  return tell(await module.instantiate({ memoryBytes }), tags, source)
}

type Told = (action: string, data?: unknown) => ReturnType<typeof runGuest> & { reply: Reply }
type Reply = {
  readonly Error?: string
  readonly GasUsed: number
  readonly Messages: readonly { readonly Data: string }[]
  readonly Receipts?: readonly unknown[]
}

/** Runs messages as a thread does, without its roll-back. */
function tell(guest: Guest, tags: Record<string, string>, start: string, firstSlot = 0): Told {
  const list = Object.entries(tags).map(([name, value]) => ({ name, value }))
  const environment = JSON.stringify({
    Process: { Id: 'p', Owner: 'o', Tags: list },
    Module: { Id: 'm', Owner: 'o', Tags: [] },
  })
  let slot = firstSlot
  const run = (Id: string, action: Record<string, string>, Data: string) => {
    const Tags = Object.entries(action).map(([name, value]) => ({ name, value }))
    const json = JSON.stringify({ Id, From: 'o', Owner: 'o', Target: 'p', Tags, Data })
    const message = { slot, id: Id, timestampMs: slot++, json }
    const ran = runGuest(guest, message, environment, { mayRestart: false })
    return { ...ran, reply: JSON.parse(ran.json) as Reply }
  }
  if (start !== '') run('p', { Type: 'Process' }, start)
  return (action, data = {}) => run(`message ${slot}`, { Action: action }, JSON.stringify(data))
}

describe('a js actor that calls a model', () => {
  it('gets its answer, pays for it, and the result has the receipt', async () => {
    const send = await openActor()
    const request = { prompt: 'gas 5000' }
    const { reply } = send('Ask', request)
    expect(JSON.parse(reply.Messages[0]?.Data ?? '')).toMatchObject({
      text: expect.stringMatching(/^gas 5000 \d+$/),
      model: 'first model',
    })
    expect(reply.Receipts).toEqual([{ Model: 'first model', Receipt: 'of gas 5000' }])
    const { callGas, requestGasPerUnit, stepsPerGas } = modelCalls
    const gas = callGas + JSON.stringify(request).length * requestGasPerUnit + 5000
    expect(reply.GasUsed).toBe(Math.floor((gas * stepsPerGas) / 10_000) * 10_000)
    expect(send('Get').reply.Receipts).toBeUndefined()
  })

  it('counts what calls cost together, and seeds each of them anew', async () => {
    const send = await openActor()
    const [first, second] = JSON.parse(send('Twice').reply.Messages[0]?.Data ?? '')
    expect(Number(second.split(' ')[1])).toBe(Number(first.split(' ')[1]) + 1)
    expect(send('Ask', { model: models[1], prompt: 'x' }).reply.Receipts).toHaveLength(1)
  })

  it.each([
    ['a model its process does not name', { model: 'third', prompt: 'x' }, /model-not-declared/],
    ['a prompt over the context', { prompt: 'wrong' }, /context-exceeded: too long/],
    ['no request', [1], /model-call-invalid: .*give an object/],
    [
      'a request that is too long',
      { prompt: 'x'.repeat(262_144) },
      /model-call-invalid: .*at most/,
    ],
  ])('fails on %s, which it may catch', async (_what, request, reason) => {
    const send = await openActor()
    expect(send('Ask', request).reply.Error).toMatch(reason)
    const { reply, failed } = send('Try', request)
    expect([failed, reply.Messages[0]?.Data]).toEqual([false, 'went on'])
    expect(reply.Receipts).toBeUndefined()
  })

  it('ends where its steps end, caught or not', async () => {
    for (const action of ['Ask', 'Try']) {
      const send = await openActor({ 'Compute-Limit': '100000' })
      const { reply } = send(action, { prompt: 'gas 25000' })
      expect(reply.Error).toMatch(/^compute limit reached: .* 100000 steps/)
      expect(reply.GasUsed).toBe(100_000)
      expect(reply.Receipts).toBeUndefined()
    }
  })

  it('has no result where this machine fails', async () => {
    const send = await openActor()
    expect(() => send('Try', { prompt: 'broken' })).toThrow(/cannot run the module now/)
  })

  it('leaves the same memory on every machine, whatever was captured between', async () => {
    const program = await jsGuestModule()
    const module = withModels(program, models, () => ({ ...program, callable: echo }))
    const straight = await module.instantiate({ memoryBytes })
    const send = tell(straight, {}, source)
    send('Twice')
    const image = straight.capture()
    const resumed = await module.instantiate({ memoryBytes, image })
    const sendOn = tell(resumed, {}, '', 2)
    for (const action of ['Ask', 'Twice', 'Get']) {
      const [here, there] = [send, sendOn].map((each) => each(action, { prompt: 'same' }))
      expect(there?.json).toBe(here?.json)
      expect(there?.digest).toEqual(here?.digest)
    }
    expect(Buffer.compare(resumed.memory(), straight.memory())).toBe(0)
  })
})

describe('a raw module that calls a model', () => {
  const call = (name: string) => ({ space: 'heddle', name, params: [i32, i32], results: [i32] })
  const replyAt = 8192
  const code = [
    ...[0x20, 0, 0x20, 1, 0x10, 0, 0x1a],
    ...[...int(replyAt), ...int(4096), 0x10, 1, 0xad, ...long(replyAt * 2 ** 32), 0x84],
  ]
  const built = buildModule({
    imports: [call('complete'), call('completion')],
    functions: [
      { params: [i32], results: [i32], code: int(1024), name: 'allocate' },
      { params: [i32, i32], results: [i64], code, name: 'handle' },
    ],
    globals: [[i32, ...int(0)]],
  })
  const context = { timestampMs: 0, seed: new Uint8Array(32) }

  const open = async () => {
    const program = await compileRawGuest(built, 'wasm32-unknown-raw-heddle1')
    const module = withModels(program, models, () => ({ ...program, callable: echo }))
    return await module.instantiate({ memoryBytes: 2 ** 20 })
  }

  it('gets the answer as bytes and pays in gas', async () => {
    const guest = await open()
    const request = '{"prompt":"gas 5000"}'
    expect(JSON.parse(guest.handle(request, '{}', context))).toMatchObject({ text: 'gas 5000 0' })
    const gas = modelCalls.callGas + request.length * modelCalls.requestGasPerUnit + 5000
    expect(guest.gasUsed?.()).toBeGreaterThan(gas * modelCalls.unitsPerGas)
    expect(guest.gasUsed?.()).toBeLessThan(gas * modelCalls.unitsPerGas + 2000)
    expect(guest.receipts?.()).toEqual([{ Model: 'first model', Receipt: 'of gas 5000' }])
  })

  it('runs out of gas in it', async () => {
    const guest = await open()
    const environment = JSON.stringify({
      Process: { Tags: [{ name: 'Compute-Limit', value: '1000000' }] },
    })
    const run = () => guest.handle('{"prompt":"gas 5000"}', environment, context)
    expect(run).toThrow(/out of gas: the message takes more than 1000000 units/)
  })
})

it('a process cannot be bound to an item that is no model', async () => {
  const program = await jsGuestModule()
  expect(() => withModels(program, ['x'], () => program)).toThrow('item x is no model')
})
