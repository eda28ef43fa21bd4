import { expect, test } from 'vitest'
import { compileGuest } from '../compile.ts'
import type { CallableModel } from '../ports.ts'
import {
  answerAt,
  constant,
  op,
  scratchAt,
  type TinyModule,
  tinyModule,
} from '../tiny-module.fixture.ts'

const context = { timestampMs: 0, seed: new Uint8Array(32), slot: 1 }
const { i32 } = op
const names = ['first', 'second']

/** Answers with what it was asked. */
const echo: CallableModel = {
  complete: ({ prompt }, { seed }) => ({
    reply: { text: `${prompt} ${seed}` },
    receipt: `of ${prompt}`,
    gasUsed: 10,
  }),
}

const wasi = (name: string, count: number) => ({
  ...{ module: 'wasi_snapshot_preview1', name },
  ...{ params: Array<number>(count).fill(i32), results: [i32] },
})
const imports: NonNullable<TinyModule['imports']> = [
  { name: '__syscall_openat', params: [i32, i32, i32, i32], results: [i32] },
  wasi('fd_write', 4),
  wasi('fd_read', 4),
  wasi('fd_seek', 5),
]
const importIndex = { open: 0, write: 1, read: 2, seek: 3 }
const readWrite = 2
/** Descriptors and results are kept from here on, four bytes each; a vector lies before them. */
const keptAt = 8192
const vectorAt = 7168
const room = 512

const keep = (n: number, code: number[]) => [...constant(keptAt + 4 * n), ...code, 0x36, 2, 0]
const kept = (n: number) => [...constant(keptAt + 4 * n), 0x28, 2, 0]
const open = (flags = readWrite) =>
  keep(0, [...constant(-100), 0x20, 0, ...constant(flags), ...constant(0), 0x10, importIndex.open])
const vector = (at: number[], length: number) => [
  ...[...constant(vectorAt), ...at, 0x36, 2, 0],
  ...[...constant(vectorAt + 4), ...constant(length), 0x36, 2, 0],
]
const onVector = (n: number, index: number) =>
  keep(n, [
    ...[...kept(0), ...constant(vectorAt), ...constant(1), ...constant(keptAt + 4 * n + 64)],
    ...[0x10, index],
  ])
/** Writes the environment's text, which the tests give the request as. */
const write = (n: number, length: number) => [
  ...vector([0x20, 1], length),
  ...onVector(n, importIndex.write),
]
const read = (n: number, at: number) => [
  ...vector(constant(at), room),
  ...onVector(n, importIndex.read),
]
const size = (n: number) =>
  keep(n, [
    ...[...kept(0), ...constant(0), ...constant(0), ...constant(2)],
    ...[...constant(keptAt + 128), 0x10, importIndex.seek],
  ])

const twoModels = new Map(names.map((name) => [name, echo]))

async function run(code: number[], path: string, request = '', models = twoModels) {
  const handle = [...code, ...constant(answerAt)]
  const module = await compileGuest(
    tinyModule({ imports, handle, memory: [1, 64, 64] }),
    'wasm32-unknown-emscripten4',
  )
  const named = models.size === 0 ? {} : { models }
  const guest = await module.instantiate({ memoryBytes: 2 ** 22, ...named })
  guest.handle(path, request, context)
  const number = (n: number) => new DataView(guest.memory().buffer).getInt32(keptAt + 4 * n, true)
  const reply = (n: number, at: number) =>
    JSON.parse(Buffer.from(guest.memory().slice(at, at + number(n + 16))).toString())
  return { guest, number, reply }
}

test('what is written is asked, what is read is the answer, and the receipt is kept', async () => {
  const request = '{"prompt":"hi"}'
  const code = [...open(), ...write(1, request.length), ...size(2), ...read(3, scratchAt)]
  for (const [path, model] of [
    ['/model', 'first'],
    ['/model/second', 'second'],
  ] as const) {
    const { guest, number, reply } = await run(code, path, request)
    expect([number(1), number(1 + 16)]).toEqual([0, request.length])
    expect(reply(3, scratchAt)).toEqual({ text: 'hi 0', model })
    expect(number(32)).toBe(number(3 + 16))
    expect(guest.receipts?.()).toEqual([{ Model: model, Receipt: 'of hi' }])
  }
})

test('a file answers again once it is written again, and without a request it is empty', async () => {
  const request = '{"prompt":"hi"}'
  const ask = (n: number, at: number) => [...write(n, request.length), ...read(n + 1, at)]
  const code = [...open(), ...read(1, scratchAt), ...ask(2, scratchAt), ...ask(4, scratchAt + room)]
  const { number, reply } = await run(code, '/model', request)
  expect(number(1 + 16)).toBe(0)
  expect(reply(3, scratchAt).text).toBe('hi 0')
  expect(reply(5, scratchAt + room).text).toBe('hi 1')
})

test('a request that is wrong has an answer that says so', async () => {
  const code = (length: number) => [...open(), ...write(1, length), ...read(2, scratchAt)]
  const none = await run(code(4), '/model', 'null')
  expect(none.reply(2, scratchAt).error).toMatch(/^model-call-invalid: .*give an object/)
  const other = await run(code(14), '/model/third', '{"prompt":"x"}')
  expect(other.reply(2, scratchAt).error).toMatch(/^model-not-declared: .*third/)
  expect(other.guest.receipts?.()).toEqual([])
})

test('other paths are no files, and without models there are none', async () => {
  const noEntry = -44
  for (const path of ['/models', '/model/', '/model/a/b', '/etc/passwd']) {
    expect((await run(open(), path)).number(0)).toBe(noEntry)
  }
  expect((await run(open(), '/model', '', new Map())).number(0)).toBe(noEntry)
})
