import { gasTable } from '@heddle/protocol/params'
import { describe, expect, test } from 'vitest'
import { prepareAnew } from '../prepare/cache.ts'
import { compileGuest } from './compile.ts'
import { dialects } from './emscripten/dialects.ts'
import { renameBorders } from './module/rename.ts'
import { readShape } from './module/shape.ts'
import { constant, op, type TinyModule, tinyModule } from './tiny-module.fixture.ts'

const { i32, f64 } = op

/** Imports of the reference's glues, by what they take (i32 each) and give. */
const common = [
  ...['dup3 3', 'fcntl64 3', 'ioctl 3', 'lstat64 2', 'openat 4', 'renameat 4', 'rmdir 1'],
  ...['unlinkat 3'],
].map((name) => `env.__syscall_${name} i`)
const more = [
  ...['chmod 2', 'faccessat 4', 'fchmod 2', 'fchown32 3', 'fstat64 2', 'ftruncate64 3', 'getcwd 2'],
  ...['mkdirat 3', 'newfstatat 4', 'readlinkat 4', 'stat64 2', 'utimensat 4'],
].map((name) => `env.__syscall_${name} i`)
const host = [
  'env._emscripten_get_now_is_monotonic 0 i',
  'env._emscripten_throw_longjmp 0 v',
  'env._mktime_js 1 i',
  'env.emscripten_resize_heap 1 i',
  'env.exit 1 v',
  'env.invoke_vii 3 v',
  'env.strftime 4 i',
  ...['close 1', 'read 4', 'seek 5', 'write 4'].map(
    (name) => `wasi_snapshot_preview1.fd_${name} i`,
  ),
  'wasi_snapshot_preview1.environ_get 2 i',
  'wasi_snapshot_preview1.environ_sizes_get 2 i',
]
const old = [
  ...['env._gmtime_js 2 v', 'env._localtime_js 2 v', 'env._tzset_js 3 v', 'env.abort 0 v'],
  ...['env.emscripten_memcpy_big 3 v', 'env._emscripten_date_now 0 d', 'env.system 1 i'],
  ...['env.getTempRet0 0 i', 'env.setTempRet0 1 v', 'metering.usegas 1 v'],
]
const large = [
  ...['env._mmap_js 6 i', 'env._munmap_js 6 i', 'env.emscripten_get_heap_max 0 i'],
  ...['env.emscripten_get_now 0 d', 'wasi_snapshot_preview1.fd_fdstat_get 2 i'],
  'wasi_snapshot_preview1.fd_sync 1 i',
]
const linking = ['env.__assert_fail 4 v', 'env._dlinit 1 v', 'env._dlopen_js 1 i']
const importsOf: Readonly<Record<string, readonly string[]>> = {
  'wasm32-unknown-emscripten': [...common, ...host, ...old],
  'wasm32-unknown-emscripten2': [
    ...[...common, ...more, ...host, ...old, ...large, ...linking],
    'env._dlsym_js 2 i',
  ],
  'wasm32-unknown-emscripten3': [
    ...[...common, ...more, ...host, ...large],
    ...['env._gmtime_js 3 v', 'env._localtime_js 3 v', 'env._tzset_js 4 v', 'env.abort 0 v'],
    ...[
      'env.emscripten_memcpy_js 3 v',
      'env.emscripten_date_now 0 d',
      'env._emscripten_system 1 i',
    ],
  ],
}

function readImport(text: string) {
  const [path = '', count = '0', result] = text.split(' ')
  const dot = path.indexOf('.')
  const results = { i: [i32], d: [f64], v: [] as number[] }[result ?? 'v'] ?? []
  const params = Array<number>(Number(count)).fill(i32)
  return { module: path.slice(0, dot), name: path.slice(dot + 1), params, results }
}

const timeAt = 8192
const fieldsAt = 8256
const copiedAt = 8448
const upperAt = 8512
const namesAt = 8576

/** A module with exactly the imports of a format, which calls those that older releases have otherwise. */
function moduleOf(format: string): Uint8Array {
  const imports = (importsOf[format] ?? []).map(readImport)
  const at = (name: string) => imports.findIndex((each) => each.name === name)
  const call = (name: string, ...args: number[]) => [...args.flatMap(constant), op.call, at(name)]
  const isThird = format.endsWith('3')
  const store = (to: number, value: number[]) => [...constant(to), ...value, op.i32Store, 2, 0]
  const handle = [
    ...store(timeAt, constant(86_400 * 365)),
    ...(isThird
      ? call('_gmtime_js', 86_400 * 365, 0, fieldsAt)
      : [...call('_gmtime_js', timeAt, fieldsAt), ...call('_tzset_js', 9000, 9004, namesAt)]),
    ...call(isThird ? 'emscripten_memcpy_js' : 'emscripten_memcpy_big', copiedAt, 2048, 4),
    ...(isThird
      ? []
      : [
          ...[...call('usegas', 500), ...call('setTempRet0', 77)],
          ...store(upperAt, call('getTempRet0')),
        ]),
    ...constant(2048),
  ]
  const tiny: TinyModule = {
    imports,
    handle,
    memory: [1, 2, 16],
    functions: [
      ['setThrew', 4, constant(0)],
      ['malloc', 2, constant(12_288)],
      ['main', 4, [...constant(9100), ...constant(1), op.i32Store, 2, 0, ...constant(0)]],
    ],
  }
  const modern = tinyModule(tiny)
  const dialect = dialects.get(format)
  if (dialect === undefined) throw new Error(`${format} has a dialect`)
  const reverse = (map: ReadonlyMap<string, string>) =>
    new Map([...map].map(([name, known]) => [known, name]))
  const isMinified = !format.endsWith('2') && !isThird
  // Those of the first format have names that newer ones have too, and letters at the border.
  const names = isMinified ? oldNames(dialect.imports) : new Map<string, string>()
  const old = renameBorders(modern, readShape(modern), {
    imports: names,
    exports: reverse(dialect.exports),
  })
  if (!isMinified) return old
  return renameBorders(old, readShape(old), { imports: new Map(), exports: noBounds })
}

/** The first format does not export where its stack is. */
const noBounds = new Map([
  ['emscripten_stack_init', 'X'],
  ['emscripten_stack_get_end', 'Y'],
])

function oldNames(letters: ReadonlyMap<string, string>): Map<string, string> {
  const named = new Map([...letters].map(([letter, known]) => [known.replace(/:.*/, ''), letter]))
  named.set('env.emscripten_memcpy_big', 'a.k')
  named.set('env._emscripten_date_now', 'a.a')
  named.set('env.system', 'a.m')
  return named
}

const context = { timestampMs: 1, seed: new Uint8Array(32) }

describe.each([...dialects.keys()])('%s', (format) => {
  test.each([
    ['as it is', undefined],
    ['with gas', prepareAnew],
  ])('runs %s, with its own names and calls', async (_, prepare) => {
    const bytes = moduleOf(format)
    const imports = WebAssembly.Module.imports(new WebAssembly.Module(bytes as BufferSource))
    expect(imports).toHaveLength(importsOf[format]?.length ?? 0)
    const isMinified = format === 'wasm32-unknown-emscripten'
    expect(imports.some(({ module }) => module === 'env')).toBe(!isMinified)
    const exported = WebAssembly.Module.exports(new WebAssembly.Module(bytes as BufferSource))
    expect(exported.some(({ name }) => name === 'handle')).toBe(!isMinified)
    const module = await compileGuest(bytes, format, { prepare })
    const guest = await module.instantiate({ memoryBytes: 2 ** 20 })
    expect(guest.handle('{}', '{}', context)).toBe('{"ok":true}')
    const view = new DataView(guest.memory().buffer)
    // A year after 1970 began, as `struct tm` counts; and `main` ran before.
    expect(view.getInt32(fieldsAt + 20, true)).toBe(71)
    expect(view.getInt32(9100, true)).toBe(1)
    expect(Buffer.from(guest.memory().slice(copiedAt, copiedAt + 4)).toString()).toBe('{"ok')
    if (!format.endsWith('3')) {
      expect(view.getInt32(upperAt, true)).toBe(77)
      const zone = view.getUint32(namesAt, true)
      expect(Buffer.from(guest.memory().slice(zone, zone + 4)).toString()).toBe('UTC\0')
    }
    const gas = guest.gasUsed?.()
    // Far below what its old meter asked for: that is not asked any more.
    if (prepare !== undefined) expect(gas).toBeLessThan(500 + 20 * gasTable.instructions.hostCall)
    const again = await module.instantiate({ memoryBytes: 2 ** 20, image: guest.capture() })
    expect(again.handle('{}', '{}', context)).toBe('{"ok":true}')
  })

  test('refuses what no glue of its kind offers', async () => {
    const imports = [{ name: 'emscripten_run_script', params: [i32], results: [] }]
    await expect(compileGuest(tinyModule({ imports }), format)).rejects.toMatchObject({
      code: 'module-imports-unknown',
      details: { names: ['env.emscripten_run_script'] },
    })
  })
})

test('the heap of the first two ends where their glue ends it', async () => {
  const imports = [{ name: 'emscripten_resize_heap', params: [i32], results: [i32] }]
  const asked = (bytes: number) => [
    ...[...constant(timeAt), ...constant(bytes), op.call, 0, op.i32Store, 2, 0],
    ...constant(2048),
  ]
  const grown = async (format: string, bytes: number) => {
    const tiny = tinyModule({ imports, handle: asked(bytes), memory: [0, 2] })
    const guest = await (await compileGuest(tiny, format)).instantiate({ memoryBytes: 2 ** 30 })
    guest.handle('{}', '{}', context)
    return new DataView(guest.memory().buffer).getInt32(timeAt, true)
  }
  const beyond = 524_288_000 + 65_536
  expect(await grown('wasm32-unknown-emscripten2', beyond)).toBe(0)
  expect(await grown('wasm32-unknown-emscripten3', beyond)).toBe(1)
})

test('a message that would not fit above the data of a module of the first kind is refused', async () => {
  const bytes = moduleOf('wasm32-unknown-emscripten')
  const guest = await (await compileGuest(bytes, 'wasm32-unknown-emscripten')).instantiate({
    memoryBytes: 2 ** 20,
  })
  expect(() => guest.handle('x'.repeat(70_000), '{}', context)).toThrow(
    expect.objectContaining({ code: 'guest-message-too-large' }),
  )
})

test('a module of the second kind that does not tell its stack is none', async () => {
  const tiny = tinyModule({ without: ['emscripten_stack_get_end'] })
  await expect(compileGuest(tiny, 'wasm32-unknown-emscripten2')).rejects.toMatchObject({
    code: 'module-invalid',
  })
})
