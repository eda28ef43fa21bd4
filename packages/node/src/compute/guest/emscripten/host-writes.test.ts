import { expect, test } from 'vitest'
import { compileGuest } from '../compile.ts'
import { imagePageBytes } from '../ports.ts'
import { answerAt, constant, op, tinyModule } from '../tiny-module.fixture.ts'

/** Where host functions write in these tests: a page of its own each. */
const far = 20 * imagePageBytes
const page = (n: number) => far + n * imagePageBytes
const { i32, i64 } = op
const long = [op.i64Const, 42]
const wasi = 'wasi_snapshot_preview1'

type Call = { readonly name: string; readonly params: number[]; readonly args: number[][] }

const ints = (...values: number[]): Pick<Call, 'params' | 'args'> => ({
  params: values.map(() => i32),
  args: values.map(constant),
})
/** Every host function that writes to memory, writing what is not zero. */
const writing: Readonly<Record<string, Omit<Call, 'name'> & { readonly module?: string }>> = {
  _gmtime_js: { params: [i64, i32], args: [long, constant(page(0))] },
  _localtime_js: { params: [i64, i32], args: [long, constant(page(1))] },
  // Of a time that is all zero: the last day of 1899.
  _mktime_js: ints(page(0)),
  _timegm_js: ints(page(1)),
  // What is written there already is a pattern without a field.
  strftime: ints(page(2), 4096, answerAt, page(9)),
  strftime_l: ints(page(3) - 2, 4096, answerAt, page(9), 0),
  _tzset_js: ints(page(2), page(3), page(4), page(5)),
  clock_time_get: {
    module: wasi,
    params: [i32, i64, i32],
    args: [constant(0), long, constant(page(6))],
  },
  clock_res_get: { module: wasi, ...ints(0, page(7)) },
  getentropy: ints(page(8), 5000),
  random_get: { module: wasi, ...ints(page(8), 5000) },
  fd_fdstat_get: { module: wasi, ...ints(1, page(7)) },
  __syscall_getcwd: ints(page(3), 8),
  _emscripten_memcpy_js: ints(page(9) - 4, answerAt, 11),
}

test.each(Object.entries(writing))('a capture has what %s wrote', async (name, call) => {
  const { module = 'env', params, args } = call
  const answers = name.startsWith('_tz') || name.startsWith('_gm') || name.includes('mem')
  const results = answers || name === '_localtime_js' ? [] : [i32]
  const drops = results.length > 0 ? [op.drop] : []
  const bytes = tinyModule({
    imports: [{ module, name, params, results }],
    memory: [1, 4, 4],
    handle: [...args.flat(), op.call, 0, ...drops, ...constant(answerAt)],
  })
  const compiled = await compileGuest(bytes, 'wasm32-unknown-emscripten4')
  const guest = await compiled.instantiate({ memoryBytes: 1 << 20 })
  const before = guest.capture()
  guest.handle('{}', '{}', { timestampMs: 1_700_000_000_000, seed: new Uint8Array(32).fill(7) })
  const memory = Buffer.from(guest.memory())
  const held: number[] = []
  for (let at = 0; at < memory.length; at += imagePageBytes)
    if (memory.subarray(at, at + imagePageBytes).some((byte) => byte !== 0))
      held.push(at / imagePageBytes)
  expect(held.some((index) => index >= far / imagePageBytes - 1)).toBe(true)
  expect([...guest.capture().indexes]).toEqual(held)
  expect(guest.reset?.(before)).toBe(true)
  expect(guest.capture()).toEqual(before)
})
