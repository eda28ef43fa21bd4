import { HeddleError } from '@heddle/protocol/base'
import { weaveDrive } from '@heddle/protocol/params'
import { expect, test } from 'vitest'
import { compileGuest } from '../compile.ts'
import type { Drive, GuestOptions } from '../ports.ts'
import { constant, op, scratchAt, type TinyModule, tinyModule } from '../tiny-module.fixture.ts'

const id = 'A'.repeat(43)
const { windowBytes } = weaveDrive
const content = Buffer.alloc(windowBytes + 100, 'abcdefghij')
const context = { timestampMs: 0, seed: new Uint8Array(32), slot: 5 }
const { i32 } = op

/** Remembers what was asked of it. */
function fakeDrive() {
  const asked: string[] = []
  const window = (n: number) => content.subarray(n * windowBytes, (n + 1) * windowBytes)
  const drive: Drive = {
    open(path, slot) {
      asked.push(`${path} at ${slot}`)
      if (path.startsWith('/tx/')) throw new HeddleError('weave-drive-refused', 'invalid', 'no')
      return {
        sizeBytes: content.length,
        first: window(0),
        read(n) {
          asked.push(`window ${n}`)
          return window(n)
        },
      }
    },
  }
  return { drive, asked }
}

const imports: NonNullable<TinyModule['imports']> = [
  { name: '__syscall_openat', params: [i32, i32, i32, i32], results: [i32] },
  ...[['fd_read', 4] as const, ['fd_seek', 5] as const, ['fd_close', 1] as const].map(
    ([name, count]) => ({
      ...{ module: 'wasi_snapshot_preview1', name },
      ...{ params: Array<number>(count).fill(i32), results: [i32] },
    }),
  ),
]
const importIndex = { open: 0, read: 1, seek: 2, close: 3 }
/** Descriptors and results are kept from here on, four bytes each. */
const keptAt = 8192
const vectorAt = 7168

const load = (at: number) => [...constant(at), 0x28, 2, 0]
const keep = (n: number, code: number[]) => [...constant(keptAt + 4 * n), ...code, 0x36, 2, 0]
const kept = (n: number) => load(keptAt + 4 * n)

/** Opens what the message names, as C's library does. */
const open = (n: number, flags = 0) =>
  keep(n, [...constant(-100), 0x20, 0, ...constant(flags), ...constant(0), 0x10, importIndex.open])
const seek = (n: number, offset: number, whence: number) =>
  keep(n, [
    ...[...kept(0), ...constant(offset), ...constant(offset >> 31), ...constant(whence)],
    ...[...constant(keptAt + 128), 0x10, importIndex.seek],
  ])
const read = (n: number, at: number, length: number) => [
  ...[...constant(vectorAt), ...constant(at), 0x36, 2, 0],
  ...[...constant(vectorAt + 4), ...constant(length), 0x36, 2, 0],
  ...keep(n, [
    ...[...kept(0), ...constant(vectorAt), ...constant(1), ...constant(keptAt + 4 * n + 64)],
    ...[0x10, importIndex.read],
  ]),
]
const reply = constant(2048)

async function run(code: number[], path: string, given: Partial<GuestOptions> = {}) {
  const bytes = tinyModule({ imports, handle: [...code, ...reply], memory: [1, 64, 64] })
  const module = await compileGuest(bytes, 'wasm32-unknown-emscripten4')
  const guest = await module.instantiate({ memoryBytes: 2 ** 22, ...given })
  const handle = () => guest.handle(path, '', context)
  handle()
  const view = new DataView(guest.memory().buffer)
  const number = (n: number) => view.getInt32(keptAt + 4 * n, true)
  const text = (at: number, length: number) =>
    Buffer.from(guest.memory().slice(at, at + length)).toString()
  return { handle, number, text }
}

test('reads like any file: in order, from anywhere, over windows, up to the end', async () => {
  const { drive, asked } = fakeDrive()
  const code = [
    ...open(0),
    ...read(1, scratchAt, 4),
    ...read(2, scratchAt + 4, 4),
    ...seek(3, windowBytes - 2, 0),
    ...read(4, scratchAt + 16, 4),
    ...seek(5, -3, 2),
    ...read(6, scratchAt + 32, 10),
    ...read(7, scratchAt + 64, 10),
  ]
  const { number, text } = await run(code, `/data/${id}`, { drive })
  expect(number(0)).toBe(3)
  expect(text(scratchAt, 8)).toBe('abcdefgh')
  const at = windowBytes - 2
  expect(text(scratchAt + 16, 4)).toBe(content.subarray(at, at + 4).toString())
  expect(text(scratchAt + 32, 3)).toBe(content.subarray(-3).toString())
  const counts = [1, 2, 4, 6, 7].map((n) => number(n + 16))
  expect(counts).toEqual([4, 4, 4, 3, 0])
  expect(asked).toEqual([`/data/${id} at 5`, 'window 1'])
})

test('asking for the size does not move where reading goes on', async () => {
  const { drive } = fakeDrive()
  const code = [...open(0), ...seek(1, 0, 2), ...seek(2, 0, 1), ...read(3, scratchAt, 3)]
  const { number, text } = await run(code, `/data/${id}`, { drive })
  expect(number(32)).toBe(content.length)
  expect([number(3 + 16), text(scratchAt, 3)]).toEqual([3, 'abc'])
})

test('files end with their message', async () => {
  const { drive } = fakeDrive()
  const isFirst = [...kept(0), 0x45, 0x04, 0x40, ...open(0), 0x0b]
  const { handle, number } = await run([...isFirst, ...read(1, scratchAt, 4)], `/data/${id}`, {
    drive,
  })
  expect([number(0), number(1)]).toEqual([3, 0])
  handle()
  expect([number(0), number(1)]).toEqual([3, 8])
})

test('nothing else is there, nothing can be written, and without a drive there is none', async () => {
  const { drive, asked } = fakeDrive()
  const errors = { noEntry: -44, readOnly: -69 }
  expect((await run(open(0), '/etc/passwd', { drive })).number(0)).toBe(errors.noEntry)
  expect((await run(open(0, 1), `/data/${id}`, { drive })).number(0)).toBe(errors.noEntry)
  expect((await run(open(0, 0o101), `/data/${id}`, { drive })).number(0)).toBe(errors.readOnly)
  expect((await run(open(0), `/data/${id}`)).number(0)).toBe(errors.noEntry)
  expect(asked).toEqual([])
})

test('what the drive throws ends the message, and one opens only so many files', async () => {
  const { drive } = fakeDrive()
  await expect(run(open(0), `/tx/${id}`, { drive })).rejects.toMatchObject({
    code: 'weave-drive-refused',
  })
  const many = Array.from({ length: weaveDrive.opensMax + 1 }, () => open(0)).flat()
  await expect(run(many, `/data/${id}`, { drive })).rejects.toMatchObject({
    ...{ code: 'weave-drive-limit', kind: 'exhausted' },
  })
})
