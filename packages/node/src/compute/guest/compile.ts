import { errorMessage } from '@heddle/protocol/base'
import type { Prepare } from '../prepare/cache.ts'
import { checkModule } from '../prepare/prepare.ts'
import { createEmscriptenGuest, type Program } from './emscripten/guest.ts'
import { knownImport } from './emscripten/imports.ts'
import { isInvoke } from './emscripten/invoke.ts'
import {
  memoryLimitTooLow,
  moduleFormatUnknown,
  moduleImportsUnknown,
  moduleInvalid,
} from './errors.ts'
import { exposeGlobals } from './module/expose-globals.ts'
import { type ModuleShape, readShape } from './module/shape.ts'
import { findSuspendState, splitSuspending } from './module/split-suspending.ts'
import type { GuestModule } from './ports.ts'

/**
 * `Module-Format` → whether its memory is addressed with 64 bits. The `-metering` ones are the same
 * modules, which the reference host counts gas in by a rewriter of its own.
 */
const formats = new Map([
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
  return isInvoke(importName) || importName.startsWith('env.__asyncjs__')
}

/** The formats `compileGuest` takes. */
export const guestFormats: readonly string[] = [...formats.keys()]

const functionsNeeded = [
  'handle',
  '__wasm_call_ctors',
  'emscripten_stack_init',
  'emscripten_stack_get_current',
  'emscripten_stack_get_end',
  '_emscripten_stack_alloc',
  '_emscripten_stack_restore',
]

/**
 * Compiles an AO module and refuses what cannot be run the same way everywhere. Throws
 * `module-format-unknown`, `module-invalid`, `module-imports-unknown`, `module-threads` or
 * `module-instruction-refused`.
 * The bytes are not kept. Takes tens of milliseconds; share the result between processes.
 */
export async function compileGuest(
  bytes: Uint8Array,
  format: string,
  { prepare }: CompileOptions = {},
): Promise<GuestModule> {
  const is64 = formats.get(format)
  if (is64 === undefined) throw moduleFormatUnknown(format, guestFormats)
  const shape = readShape(bytes)
  checkImports(shape)
  checkMemory(shape, format, is64)
  checkExports(shape, is64)
  const exposed = exposeGlobals(bytes, shape)
  const prepared = await prepare?.(exposed, format, { callsBack })
  if (prepared === undefined) checkModule(bytes)
  const suspendState = findSuspendState(exposed)
  const split =
    suspendState === undefined ? undefined : splitSuspending(prepared ?? exposed, suspendState)
  const compiled = await compile(split ?? prepared ?? exposed)
  const runsDirect = split !== undefined
  const program: Program = { compiled, shape, is64, runsDirect, freshPages: undefined }
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

function checkExports(shape: ModuleShape, is64: boolean): void {
  const setsJumps = shape.functionImports.some(({ name }) => isInvoke(name))
  const needed = setsJumps ? [...functionsNeeded, 'setThrew'] : functionsNeeded
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
    throw moduleInvalid(errorMessage(error), error)
  }
}
