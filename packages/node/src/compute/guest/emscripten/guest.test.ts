import { isHeddleError } from '@heddle/protocol/base'
import { gasTable } from '@heddle/protocol/params'
import { describe, expect, it } from 'vitest'
import { prepareAnew } from '../../prepare/cache.ts'
import { compileGuest } from '../compile.ts'
import type { Guest, GuestOptions } from '../ports.ts'
import {
  answerAt,
  constant,
  op,
  scratchAt,
  type TinyModule,
  tinyModule,
} from '../tiny-module.fixture.ts'

const context = { timestampMs: 1_700_000_000_000, seed: new Uint8Array(32).fill(7) }
const answer = '{"ok":true}'
const { f64, i32 } = op

async function open(tiny: TinyModule, options: Partial<GuestOptions> = {}): Promise<Guest> {
  const module = await compileGuest(tinyModule(tiny), 'wasm32-unknown-emscripten4')
  return module.instantiate({ memoryBytes: 1 << 20, ...options })
}

function failure(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    return isHeddleError(error) ? `${error.code}: ${error.message}` : `other: ${error}`
  }
  return 'none'
}

const storeClock = {
  imports: [{ name: 'emscripten_date_now', params: [], results: [f64] }],
  handle: [...constant(scratchAt), op.call, 0, op.f64Store, 3, 0, ...constant(answerAt)],
}
const clockOf = (guest: Guest) => new DataView(guest.memory().buffer).getFloat64(scratchAt, true)

describe('a guest', () => {
  it('gets both texts and gives one back', async () => {
    const copyMessage = [op.localGet, 1]
    const guest = await open({ handle: copyMessage })
    expect(guest.handle('{"a":"ü€😀"}', '{"e":1}', context)).toBe('{"e":1}')
    expect((await open({ handle: [op.localGet, 0] })).handle('{"a":"ü€😀"}', '', context)).toBe(
      '{"a":"ü€😀"}',
    )
  })

  it('is refused where its memory limit is below what it starts with', async () => {
    await expect(open({}, { memoryBytes: 65_536 })).rejects.toMatchObject({
      code: 'memory-limit-too-low',
    })
  })

  it('ends in a guest-fault on a trap and is not used again', async () => {
    const guest = await open({ handle: [op.unreachable] })
    expect(failure(() => guest.handle('{}', '{}', context))).toMatch(/^guest-fault: .*unreachable/)
    expect(failure(() => guest.handle('{}', '{}', context))).toContain('other')
    expect(failure(() => guest.capture())).toContain('other')
  })

  it('says in words of its own why a module does not start: they become results', async () => {
    await expect(open({ memory: [1, 0, 4] })).rejects.toMatchObject({
      code: 'module-invalid',
      message: 'invalid module: it cannot start: its data, its table or its start function fails',
    })
  })

  it('ends in a guest-fault on exit and abort', async () => {
    const exits = { name: 'exit', params: [i32], results: [] }
    const guest = await open({
      imports: [exits],
      handle: [...constant(3), op.call, 0, op.unreachable],
    })
    expect(failure(() => guest.handle('{}', '{}', context))).toContain('exited with status 3')
    const aborts = { name: '_abort_js', params: [], results: [] }
    const other = await open({ imports: [aborts], handle: [op.call, 0, op.unreachable] })
    expect(failure(() => other.handle('{}', '{}', context))).toContain('aborted')
  })

  it('ends in a guest-fault when handle returns nothing, or a text without an end', async () => {
    const nothing = await open({ handle: constant(0) })
    expect(failure(() => nothing.handle('{}', '{}', context))).toContain('returned nothing')
    const outside = await open({ handle: constant(-1) })
    expect(failure(() => outside.handle('{}', '{}', context))).toContain('guest-fault')
  })

  it('ends in a guest-fault when host calls are given addresses outside memory', async () => {
    const read = { name: 'getentropy', params: [i32, i32], results: [i32] }
    const describeFile = {
      module: 'wasi_snapshot_preview1',
      name: 'fd_fdstat_get',
      params: [i32, i32],
      results: [i32],
    }
    const handle = [...constant(1), ...constant(-8), op.call, 1, op.drop, ...constant(answerAt)]
    const guest = await open({ imports: [read, describeFile], handle })
    expect(failure(() => guest.handle('{}', '{}', context))).toContain('guest-fault')
  })

  it('notices an overflown stack', async () => {
    const handle = [...constant(1024), ...constant(1), op.i32Store, 2, 0, ...constant(answerAt)]
    const guest = await open({ handle })
    expect(failure(() => guest.handle('{}', '{}', context))).toContain('stack overflowed')
  })

  it('refuses a message larger than its stack and stays as it was', async () => {
    const guest = await open({})
    const before = Buffer.from(guest.memory())
    const large = JSON.stringify('x'.repeat(70_000))
    expect(failure(() => guest.handle(large, '{}', context))).toContain('guest-message-too-large')
    expect(before.equals(guest.memory())).toBe(true)
    expect(guest.handle('{}', '{}', context)).toBe(answer)
  })

  it('reads a fixed clock at boot and the clock of the message from then on', async () => {
    const guest = await open(storeClock)
    guest.handle('{}', '{}', context)
    expect(clockOf(guest)).toBe(10_000)
    guest.handle('{}', '{}', context)
    expect(clockOf(guest)).toBe(context.timestampMs)
    guest.handle('{}', '{}', { ...context, timestampMs: 5 })
    expect(clockOf(guest)).toBe(5)
  })

  it('knows from its image whether it has booted', async () => {
    const module = await compileGuest(tinyModule(storeClock), 'wasm32-unknown-emscripten4')
    const unbooted = (await module.instantiate({ memoryBytes: 1 << 20 })).capture()
    const guest = await module.instantiate({ memoryBytes: 1 << 20, image: unbooted })
    guest.handle('{}', '{}', context)
    expect(clockOf(guest)).toBe(10_000)
    const booted = await module.instantiate({ memoryBytes: 1 << 20, image: guest.capture() })
    booted.handle('{}', '{}', context)
    expect(clockOf(booted)).toBe(context.timestampMs)
  })

  it('draws random bytes from the message alone', async () => {
    const getentropy = { name: 'getentropy', params: [i32, i32], results: [i32] }
    const handle = [
      ...[...constant(scratchAt), ...constant(100), op.call, 0, op.drop],
      ...constant(answerAt),
    ]
    const draw = async (seed: Uint8Array) => {
      const guest = await open({ imports: [getentropy], handle })
      guest.handle('{}', '{}', { ...context, seed })
      return Buffer.from(guest.memory()).toString('hex', scratchAt, scratchAt + 100)
    }
    expect(await draw(context.seed)).toBe(await draw(context.seed))
    expect(await draw(context.seed)).not.toBe(await draw(new Uint8Array(32)))
  })

  it('pays for chance, dates and lists what they take', async () => {
    const spent = async (name: string, module: string, ...args: number[]) => {
      const wanted = { module, name, params: args.map(() => i32), results: [i32] }
      const values = args.flatMap((value) => constant(value))
      const handle = [...values, op.call, 0, op.drop, ...constant(answerAt)]
      const bytes = tinyModule({ imports: [wanted], handle })
      const compiled = await compileGuest(bytes, 'wasm32-unknown-emscripten4', {
        prepare: prepareAnew,
      })
      const guest = await compiled.instantiate({ memoryBytes: 1 << 20 })
      guest.handle('{}', '{}', context)
      return guest.gasUsed?.() ?? 0
    }
    const wasi = 'wasi_snapshot_preview1'
    const more = async (name: string, module: string, ...calls: [number[], number[]]) =>
      (await spent(name, module, ...calls[1])) - (await spent(name, module, ...calls[0]))
    const at = scratchAt
    expect(await more('getentropy', 'env', [at, 0], [at, 1000])).toBe(1000 * gasTable.randomByte)
    expect(await more('random_get', wasi, [at, 0], [at, 1000])).toBe(1000 * gasTable.randomByte)
    expect(await more('fd_read', wasi, [0, at, 0, at], [0, at, 100, at])).toBe(
      100 * gasTable.listedBuffer,
    )
    expect(await more('fd_write', wasi, [1, at, 0, at], [1, at, 100, at])).toBe(
      100 * gasTable.listedBuffer,
    )
    // A pattern without an end in sight is paid before it is looked at.
    const pattern = await spent('strftime', 'env', at, 100, answerAt, at)
    expect(pattern).toBeGreaterThan(answer.length * gasTable.dateLetter)
  })

  it('grows memory up to its limit and is told where it cannot', async () => {
    const resize = { name: 'emscripten_resize_heap', params: [i32], results: [i32] }
    const handle = [
      ...[...constant(scratchAt), ...constant(200_000), op.call, 0, op.i32Store, 2, 0],
      ...constant(answerAt),
    ]
    const grown = await open({ imports: [resize], handle })
    grown.handle('{}', '{}', context)
    expect(grown.memory()[scratchAt]).toBe(1)
    expect(grown.memory().length).toBe(4 * 65_536)
    const bounded = await open({ imports: [resize], handle }, { memoryBytes: 3 * 65_536 })
    bounded.handle('{}', '{}', context)
    expect(bounded.memory()[scratchAt]).toBe(0)
    expect(bounded.memory().length).toBe(2 * 65_536)
  })

  it('prints what it writes to stdout, and only that', async () => {
    const write = {
      module: 'wasi_snapshot_preview1',
      name: 'fd_write',
      params: [i32, i32, i32, i32],
      results: [i32],
    }
    const vector = [
      ...[...constant(scratchAt), ...constant(answerAt), op.i32Store, 2, 0],
      ...[...constant(scratchAt + 4), ...constant(5), op.i32Store, 2, 0],
    ]
    const call = (descriptor: number) => [
      ...[...constant(descriptor), ...constant(scratchAt), ...constant(1)],
      ...[...constant(scratchAt + 8), op.call, 0, op.drop],
    ]
    const printed: string[] = []
    const print = (text: string) => printed.push(text)
    const handle = [...vector, ...call(1), ...call(7), ...constant(answerAt)]
    const guest = await open({ imports: [write], handle }, { print })
    guest.handle('{}', '{}', context)
    expect(printed).toEqual(['{"ok"'])
    expect(guest.memory()[scratchAt + 8]).toBe(5)
  })

  it('keeps globals in its image: what continues from it counts on', async () => {
    const counter = [i32, 1, ...constant(41), 0x0b]
    const count = [op.globalGet, 1, ...constant(1), op.i32Add, op.globalSet, 1]
    const show = [...constant(scratchAt), op.globalGet, 1, op.i32Store, 2, 0, ...constant(answerAt)]
    const bytes = tinyModule({ globals: [counter], handle: [...count, ...show] })
    const module = await compileGuest(bytes, 'wasm32-unknown-emscripten4')
    const first = await module.instantiate({ memoryBytes: 1 << 20 })
    first.handle('{}', '{}', context)
    const second = await module.instantiate({ memoryBytes: 1 << 20, image: first.capture() })
    second.handle('{}', '{}', context)
    expect(second.memory()[scratchAt]).toBe(43)
  })

  it('refuses an image of another module', async () => {
    const image = (await open({})).capture()
    const counter = [i32, 1, ...constant(41), 0x0b]
    await expect(open({ globals: [counter] }, { image })).rejects.toMatchObject({
      code: 'image-invalid',
    })
  })

  it('can be closed', async () => {
    const guest = await open({})
    guest.close()
    expect(guest.memory().length).toBe(0)
    expect(failure(() => guest.handle('{}', '{}', context))).toContain('other')
  })
})
