/**
 * How modules of older emscripten releases name what newer ones name otherwise. A module is given the
 * names of today before anything else looks at it (`module/rename.ts`). Where an older function
 * takes other arguments its name ends in `:` and what it takes (`legacy-imports.ts`).
 */
export type Dialect = {
  /** Imports, as `module.name`, by the module's own name. */
  readonly imports: ReadonlyMap<string, string>
  /** Exports by the module's own name. */
  readonly exports: ReadonlyMap<string, string>
  /** The reference's glue grows the heap no further. */
  readonly heapBytesMax: number
  /** It does not tell where its stack ends. */
  readonly isStackOpen: boolean
}

const heapBytesMax = 524_288_000
const allHeapBytes = 2 ** 32 - 65_536

const stack = [
  ['stackSave', 'emscripten_stack_get_current'],
  ['stackRestore', '_emscripten_stack_restore'],
  ['stackAlloc', '_emscripten_stack_alloc'],
] as const

const olderNames = [
  ['env._emscripten_date_now', 'env.emscripten_date_now'],
  ['env.emscripten_memcpy_big', 'env._emscripten_memcpy_js'],
  ['env.emscripten_memcpy_js', 'env._emscripten_memcpy_js'],
  ['env.system', 'env._emscripten_system'],
] as const

/** Calendar functions that take a pointer to a 32-bit time, and a zone that is told by pointers to names. */
const pointedTimes = [
  ['env._gmtime_js', 'env._gmtime_js:pointer'],
  ['env._localtime_js', 'env._localtime_js:pointer'],
  ['env._tzset_js', 'env._tzset_js:names'],
] as const

/** emscripten 3.0 with minified names: imports of module `a`. */
const minifiedImports = {
  a: 'env.emscripten_date_now',
  b: 'env.setTempRet0',
  c: 'wasi_snapshot_preview1.fd_close',
  d: 'env.__syscall_fcntl64',
  e: 'env.__syscall_unlinkat',
  f: 'wasi_snapshot_preview1.fd_write',
  g: 'env.__syscall_openat',
  h: 'env.getTempRet0',
  i: 'env._mktime_js',
  j: 'env._tzset_js:names',
  k: 'env._emscripten_memcpy_js',
  l: 'env.exit',
  m: 'env._emscripten_system',
  n: 'env.strftime',
  o: 'wasi_snapshot_preview1.fd_seek',
  p: 'env._emscripten_throw_longjmp',
  q: 'env.emscripten_resize_heap',
  r: 'env.__syscall_lstat64',
  s: 'env.__syscall_renameat',
  t: 'env.__syscall_rmdir',
  u: 'wasi_snapshot_preview1.environ_get',
  v: 'wasi_snapshot_preview1.environ_sizes_get',
  w: 'env.__syscall_dup3',
  x: 'env.invoke_vii',
  y: 'wasi_snapshot_preview1.fd_read',
  z: 'env.__syscall_ioctl',
  A: 'env._emscripten_get_now_is_monotonic',
  B: 'env._gmtime_js:pointer',
  C: 'env._localtime_js:pointer',
  D: 'env.abort',
} as const

const minifiedExports = {
  E: 'memory',
  F: '__wasm_call_ctors',
  G: 'handle',
  H: 'main',
  I: '__indirect_function_table',
  J: 'malloc',
  K: '__errno_location',
  L: 'setThrew',
  M: 'emscripten_stack_get_current',
  N: '_emscripten_stack_restore',
  O: '_emscripten_stack_alloc',
} as const

const first: Dialect = {
  imports: new Map(Object.entries(minifiedImports).map(([name, known]) => [`a.${name}`, known])),
  exports: new Map(Object.entries(minifiedExports)),
  heapBytesMax,
  isStackOpen: true,
}
const second: Dialect = {
  imports: new Map([...olderNames, ...pointedTimes]),
  exports: new Map(stack),
  heapBytesMax,
  isStackOpen: false,
}
const third: Dialect = {
  imports: new Map(olderNames),
  exports: new Map([...stack, ['setTempRet0', '_emscripten_tempret_set']]),
  heapBytesMax: allHeapBytes,
  isStackOpen: false,
}

/** `Module-Format` → dialect of the modules that are built with an older emscripten. */
export const dialects: ReadonlyMap<string, Dialect> = new Map<string, Dialect>([
  ['wasm32-unknown-emscripten', first],
  ['wasm32-unknown-emscripten2', second],
  ['wasm32-unknown-emscripten3', third],
])
