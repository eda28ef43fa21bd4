import { isHeddleError } from '@heddle/protocol/base'
import { gasTable } from '@heddle/protocol/params'
import { describe, expect, it } from 'vitest'
import type { Guest, GuestOptions } from '../guest/ports.ts'
import { type BuiltModule, buildModule, int, long, types } from '../prepare/testing/build-module.ts'
import { compileRawGuest, rawFormats } from './compile.ts'

const { i32, i64, f64 } = types
const [bytesFormat = '', textFormat = ''] = rawFormats
const context = { timestampMs: 1_700_000_000_123, seed: new Uint8Array(32).fill(7) }
const inputAt = 1024
const environment = JSON.stringify({ Process: { Id: 'the process', Owner: 'its owner' } })
const message = JSON.stringify({
  ...{ From: 'someone', Data: 'some data', Timestamp: '5' },
  Tags: [
    { name: 'Action', value: 'first' },
    { name: 'Action', value: 'second' },
  ],
})

type Import = NonNullable<BuiltModule['imports']>[number]

/** A raw module whose `handle` leaves pointer and length of its reply; imports come first. */
function raw(handle: number[], imports: Import[] = []): BuiltModule {
  return {
    imports,
    functions: [
      { params: [i32], results: [i32], code: int(inputAt), name: 'allocate' },
      { params: [i32, i32], results: [i64], code: handle, name: 'handle' },
    ],
    globals: [[i32, ...int(0)]],
  }
}

/** pointer << 32 | length, both constant. */
const reply = (at: number, length: number) => long(at * 2 ** 32 + length)

async function open(
  module: BuiltModule,
  options: Partial<GuestOptions> = {},
  format = bytesFormat,
): Promise<Guest> {
  const compiled = await compileRawGuest(buildModule(module), format)
  return compiled.instantiate({ memoryBytes: 2 ** 20, ...options })
}

async function refusal(run: () => unknown): Promise<string> {
  try {
    await run()
  } catch (error) {
    return isHeddleError(error) ? `${error.code}: ${error.message}` : `other: ${error}`
  }
  return 'none'
}

const echo = [0x20, 0, 0xad, ...long(32), 0x86, 0x20, 1, 0xad, 0x84]

describe('a raw module', () => {
  it('gets the message as bytes and gives bytes back', async () => {
    const guest = await open(raw(echo))
    expect(guest.handle('{"ü":1}', '{}', context)).toBe('{"ü":1}')
    expect(guest.gasUsed?.()).toBeGreaterThan(0)
  })

  it('reads fields and tags without parsing', async () => {
    const field = { space: 'heddle', name: 'field', params: [i32, i32, i32, i32], results: [i32] }
    const names = 'Tag.ActionProcess.IdNothing'
    const read = (at: number, length: number) => [
      ...[...int(4096 + at), ...int(length), ...int(64), ...int(5), 0x10, 0],
    ]
    const write = [...names].flatMap((letter, i) => [
      ...[...int(4096 + i), ...int(letter.charCodeAt(0)), 0x3a, 0, 0],
    ])
    const lengths = [...read(0, 10), ...read(20, 7), 0x6a, ...read(10, 10), 0x6a]
    const guest = await open(
      raw([...write, ...lengths, 0xad, ...long(64 * 2 ** 32), 0x84], [field]),
    )
    const answer = guest.handle(message, environment, context)
    // 'first' has 5 bytes, an absent field -1, 'the process' 11 of which 5 were taken.
    expect(answer).toHaveLength(5 - 1 + 11)
    expect(answer.slice(0, 5)).toBe('the p')
  })

  it('knows the time and chance of the message alone', async () => {
    const imports = [
      { space: 'heddle', name: 'timestamp', params: [], results: [f64] },
      { space: 'heddle', name: 'random', params: [i32, i32], results: [i32] },
    ]
    const code = [
      ...[...int(64), 0x10, 0, 0x39, 0, 0],
      ...[...int(72), ...int(16), 0x10, 1, 0x1a],
      ...reply(64, 0),
    ]
    const seen = async (seed: Uint8Array) => {
      const guest = await open(raw(code, imports))
      guest.handle(message, environment, { ...context, seed })
      return Buffer.from(guest.memory()).subarray(64, 88)
    }
    const first = await seen(context.seed)
    expect(first.readDoubleLE(0)).toBe(context.timestampMs)
    expect(first).toEqual(await seen(context.seed))
    expect(first).not.toEqual(await seen(new Uint8Array(32)))
  })

  it('keeps memory and globals in its image', async () => {
    const count = [0x23, 0, ...int(1), 0x6a, 0x24, 0]
    const show = [...int(64), 0x23, 0, ...int(48), 0x6a, 0x3a, 0, 0]
    const counter = raw([...count, ...show, ...reply(64, 1)])
    const first = await open(counter)
    expect([1, 2].map(() => first.handle('', '{}', context))).toEqual(['1', '2'])
    const second = await open(counter, { image: first.capture() })
    expect(second.handle('', '{}', context)).toBe('3')
    const other = raw(reply(0, 0))
    const image = first.capture()
    expect(await refusal(() => open({ ...other, globals: [] }, { image }))).toContain(
      'image-invalid',
    )
  })

  it('fails a message for traps, gas, replies and messages that do not fit', async () => {
    const limited = JSON.stringify({
      Process: { Tags: [{ name: 'Compute-Limit', value: '1000000' }] },
    })
    const failing = async (code: number[], json = '{}') =>
      refusal(async () => (await open(raw(code))).handle(json, limited, context))
    expect(await failing([0x00])).toMatch(/^guest-fault: .*unreachable/)
    expect(await failing([0x03, 0x40, 0x0c, 0, 0x0b, 0x00])).toMatch(/^guest-out-of-gas/)
    expect(await failing(reply(65_530, 100))).toContain('leaves the memory')
    expect(await failing(echo, 'x'.repeat(70_000))).toContain('no room')
  })

  it('pays for host calls what they take, so that gas ends them and no clock', async () => {
    const random = { space: 'heddle', name: 'random', params: [i32, i32], results: [i32] }
    const list = {
      ...{ space: 'wasi_snapshot_preview1', name: 'fd_write' },
      ...{ params: [i32, i32, i32, i32], results: [i32] },
    }
    const spent = async (imported: Import, ...args: number[]) => {
      const call = [...args.flatMap((value) => int(value)), 0x10, 0, 0x1a]
      const guest = await open(raw([...call, ...reply(0, 0)], [imported]))
      guest.handle(message, environment, context)
      return guest.gasUsed?.() ?? 0
    }
    expect((await spent(random, 64, 10_000)) - (await spent(random, 64, 0))).toBe(
      10_000 * gasTable.randomByte + 10_000 / gasTable.bulkBytesPerGas,
    )
    expect((await spent(list, 1, 4096, 1000, 0)) - (await spent(list, 1, 4096, 0, 0))).toBe(
      1000 * gasTable.listedBuffer,
    )
  })

  it('does not read names longer than any field has', async () => {
    const field = { space: 'heddle', name: 'field', params: [i32, i32, i32, i32], results: [i32] }
    const call = [...int(64), ...int(60_000), ...int(0), ...int(0), 0x10, 0, 0xac]
    const guest = await open(raw([...call, ...long(1), 0x7c, ...long(2 ** 33), 0x84], [field]))
    // Not there is -1: one more makes an empty reply.
    expect(guest.handle(message, environment, context)).toBe('')
  })

  it('fails a message whose reply is too long, before anything is made of it', async () => {
    const pages = 40 * 16
    const grow = [...int(pages), 0x40, 0, 0x1a]
    const code = [...grow, ...reply(0, pages * 65_536)]
    const guest = await open({ ...raw(code), memory: [0, 1] }, { memoryBytes: 2 ** 26 })
    expect(await refusal(() => guest.handle(message, environment, context))).toMatch(
      /^guest-reply-too-large: the result is too large: 41943040 bytes, and 12582912 characters/,
    )
  })

  it('is not used again after it failed or was closed', async () => {
    const guest = await open(raw([0x00]))
    await refusal(() => guest.handle('', '{}', context))
    expect(await refusal(() => guest.handle('', '{}', context))).toContain('other')
    const closed = await open(raw(echo))
    closed.close()
    expect(await refusal(() => closed.handle('', '{}', context))).toContain('other')
  })
})

describe('a WASI reactor', () => {
  it('gets texts as AO modules do', async () => {
    const reactor: BuiltModule = {
      functions: [
        // Rooms one after the other, 4 KiB each.
        {
          params: [i32],
          results: [i32],
          code: [0x23, 0, ...int(4096), 0x6a, 0x24, 0, 0x23, 0],
          name: 'malloc',
        },
        { params: [i32], results: [], code: [], name: 'free' },
        { params: [i32, i32], results: [i32], code: [0x20, 1], name: 'handle' },
      ],
      globals: [[i32, ...int(1024)]],
    }
    const guest = await open(reactor, {}, textFormat)
    expect(guest.handle('{"m":1}', '{"e":"ü"}', context)).toBe('{"e":"ü"}')
  })
})

describe('compiling', () => {
  it('refuses what is not of the format, by name', async () => {
    const said = (module: BuiltModule, format = bytesFormat) =>
      refusal(() => open(module, {}, format))
    expect(await said(raw(echo), 'wasm32-unknown')).toContain('module-format-unknown')
    expect(await said(raw(echo), textFormat)).toContain('its malloc takes nothing')
    const missiles = { name: 'launch', params: [], results: [] }
    expect(await said(raw([...echo], [missiles]))).toContain('env.launch')
    expect(await said({ ...raw(echo), memory: [5, 1, 2] })).toContain('32-bit memory')
    expect(await said(raw(echo), bytesFormat)).toBe('none')
    expect(await refusal(() => open(raw(echo), { memoryBytes: 1 }))).toContain(
      'memory-limit-too-low',
    )
  })
})
