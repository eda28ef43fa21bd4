import type { Prepare } from '../prepare/cache.ts'
import { checkModule } from '../prepare/prepare.ts'
import { type Dialect, dialects } from './emscripten/dialects.ts'
import { createEmscriptenGuest, type Program } from './emscripten/guest.ts'
import { knownImport } from './emscripten/imports.ts'
import { isInvoke } from './emscripten/invoke.ts'
import {
  memoryLimitTooLow,
  moduleFormatUnknown,
  moduleImportsUnknown,
  moduleInvalid,
  notCompiled,
} from './errors.ts'
import { dataEnd } from './module/data-end.ts'
import { dropMetering, meteringImport } from './module/drop-metering.ts'
import { exposeGlobals } from './module/expose-globals.ts'
import { markStores } from './module/mark-stores.ts'
import { renameBorders } from './module/rename.ts'
import { type ModuleShape, readShape } from './module/shape.ts'
import { findSuspendState, splitSuspending } from './module/split-suspending.ts'
import type { GuestModule } from './ports.ts'

/**
 * `Module-Format` → whether its memory is addressed with 64 bits. The first three are of older releases
 * of emscripten (`dialects`). The `-metering` ones are modules of the others, which the reference
 * host counts gas in by a rewriter of its own.
 */
const formats = new Map([
  ['wasm32-unknown-emscripten', false],
  ['wasm32-unknown-emscripten2', false],
  ['wasm32-unknown-emscripten3', false],
  ['wasm32-unknown-emscripten4', false],
  ['wasm32-unknown-emscripten-metering', false],
  ['wasm64-unknown-emscripten-draft_2024_02_15', true],
  ['wasm64-unknown-emscripten-draft_2024_10_16-metering', true],
])

export type CompileOptions = {
  /** Counts gas and makes NaN bits canonical; absent: the module stays as it is. */
  readonly prepare?: Prepare | undefined
}

/** Imports that run code of the module: a longjmp's way, and asyncify's. */
function callsBack(importName: string): boolean {
  const runsMalloc = importName === 'env._tzset_js:names'
  return isInvoke(importName) || runsMalloc || importName.startsWith('env.__asyncjs__')
}

/** The formats `compileGuest` takes. */
export const guestFormats: readonly string[] = [...formats.keys()]

const functionsNeeded = [
  'handle',
  '__wasm_call_ctors',
  'emscripten_stack_get_current',
  '_emscripten_stack_alloc',
  '_emscripten_stack_restore',
]
const stackBounds = ['emscripten_stack_init', 'emscripten_stack_get_end']

/**
 * Compiles an AO module and refuses what cannot be run the same way everywhere. Throws
 * `module-format-unknown`, `module-invalid`, `module-imports-unknown`, `module-threads` or
 * `module-instruction-refused`.
 * The bytes are not kept. Takes tens of milliseconds; share the result between processes.
 */
export async function compileGuest(
  given: Uint8Array,
  format: string,
  { prepare }: CompileOptions = {},
): Promise<GuestModule> {
  const is64 = formats.get(format)
  if (is64 === undefined) throw moduleFormatUnknown(format, guestFormats)
  const dialect = dialects.get(format)
  const bytes = dialect === undefined ? given : modernise(given, dialect)
  const shape = readShape(bytes)
  checkImports(shape)
  checkMemory(shape, format, is64)
  checkExports(shape, is64, dialect?.isStackOpen === true)
  const exposed = exposeGlobals(bytes, shape)
  const prepared = await prepare?.(exposed, format, { callsBack })
  if (prepared === undefined) checkModule(bytes)
  const suspendState = findSuspendState(exposed)
  const split =
    suspendState === undefined ? undefined : splitSuspending(prepared ?? exposed, suspendState)
  const complete = split ?? prepared ?? exposed
  const marked = markStores(complete)
  const runsDirect = split !== undefined
  const legacy = dialect && legacyOf(dialect, bytes, shape)
  const known = { shape, is64, runsDirect, legacy, freshPages: undefined }
  const compiled = await compile(marked ?? complete)
  const program: Program = { ...known, compiled, isMarked: marked !== undefined, spares: [] }
  const initialBytes = shape.memories[0]?.minBytes ?? 0
  return {
    format,
    async instantiate(options) {
      const { memoryBytes } = options
      if (initialBytes > memoryBytes) throw memoryLimitTooLow(initialBytes, memoryBytes)
      return createEmscriptenGuest(program, options)
    },
  }
}

/** The module with today's names at its borders, and without the calls of a meter it came with. */
function modernise(given: Uint8Array, dialect: Dialect): Uint8Array {
  const renamed = renameBorders(given, readShape(given), dialect)
  const meter = readShape(renamed).functionImports.findIndex(({ name }) => name === meteringImport)
  if (meter === -1) return renamed
  if (!WebAssembly.validate(renamed as Uint8Array<ArrayBuffer>))
    throw moduleInvalid('no engine would load it')
  return dropMetering(renamed, meter)
}

function legacyOf(dialect: Dialect, bytes: Uint8Array, shape: ModuleShape): Program['legacy'] {
  const { heapBytesMax, isStackOpen } = dialect
  return { heapBytesMax, stackFloor: isStackOpen ? dataEnd(bytes, shape) : undefined }
}

function checkImports(shape: ModuleShape): void {
  const unknown = shape.functionImports.map(({ name }) => name).filter((name) => !knownImport(name))
  const refused = [...unknown, ...shape.otherImports]
  if (refused.length > 0) throw moduleImportsUnknown(refused)
}

function checkMemory(shape: ModuleShape, format: string, is64: boolean): void {
  const memory = shape.memories[0]
  if (memory === undefined || shape.memories.length !== 1)
    throw moduleInvalid('it does not have exactly one memory of its own')
  if (memory.is64 !== is64)
    throw moduleInvalid(`its memory is ${memory.is64 ? 64 : 32}-bit, which is not ${format}`)
}

function checkExports(shape: ModuleShape, is64: boolean, isStackOpen: boolean): void {
  const setsJumps = shape.functionImports.some(({ name }) => isInvoke(name))
  const functions = isStackOpen ? functionsNeeded : [...functionsNeeded, ...stackBounds]
  const needed = setsJumps ? [...functions, 'setThrew'] : functions
  const missing = needed.filter((name) => typeof shape.exports.get(name) !== 'object')
  if (shape.exports.get('memory') !== 'other') missing.push('memory')
  if (missing.length > 0) throw moduleInvalid(`it does not export ${missing.join(', ')}`)
  const pointer = is64 ? 'i64' : 'i32'
  const handle = shape.exports.get('handle')
  const wanted = `${pointer},${pointer} to ${pointer}`
  const found = typeof handle === 'object' ? `${handle.params} to ${handle.results}` : ''
  if (found !== wanted) throw moduleInvalid(`its handle takes ${found}, not ${wanted}`)
}

async function compile(bytes: Uint8Array): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes as Uint8Array<ArrayBuffer>)
  } catch (error) {
    throw notCompiled(error)
  }
}
