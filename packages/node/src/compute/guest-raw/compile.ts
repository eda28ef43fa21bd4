import {
  memoryLimitTooLow,
  moduleFormatUnknown,
  moduleImportsUnknown,
  moduleInvalid,
  notCompiled,
} from '../guest/errors.ts'
import { exposeGlobals } from '../guest/module/expose-globals.ts'
import { type ModuleShape, readShape } from '../guest/module/shape.ts'
import type { GuestModule } from '../guest/ports.ts'
import { type Prepare, prepareAnew } from '../prepare/cache.ts'
import { createRawGuest, type RawProgram } from './guest.ts'
import { knownRawImport } from './imports.ts'

/** `Module-Format` → how `handle` is called. See README.md. */
const formats = new Map<string, RawProgram['calls']>([
  ['wasm32-unknown-raw-heddle1', 'bytes'],
  ['wasm32-wasi-reactor-heddle1', 'text'],
])

/** The formats `compileRawGuest` takes. */
export const rawFormats: readonly string[] = [...formats.keys()]

const wantedExports = {
  bytes: { allocate: 'i32 to i32', handle: 'i32,i32 to i64' },
  text: { malloc: 'i32 to i32', free: 'i32 to ', handle: 'i32,i32 to i32' },
} as const

/**
 * Compiles a module that talks to its host in bytes. It is always prepared: gas, depth and memory
 * are counted, NaN bits canonical. Throws `module-format-unknown`, `module-invalid`,
 * `module-imports-unknown`, `module-threads` or `module-instruction-refused`.
 */
export async function compileRawGuest(
  bytes: Uint8Array,
  format: string,
  prepare: Prepare = prepareAnew,
): Promise<GuestModule> {
  const calls = formats.get(format)
  if (calls === undefined) throw moduleFormatUnknown(format, rawFormats)
  const shape = readShape(bytes)
  checkImports(shape)
  checkExports(shape, calls)
  const prepared = await prepare(bytes, format, { callsBack: () => false })
  // Globals keep their indexes when a module is prepared.
  const exposed = exposeGlobals(prepared, { ...shape, sections: readShape(prepared).sections })
  const program: RawProgram = {
    compiled: await compile(exposed),
    shape,
    calls,
    freshPages: undefined,
  }
  const initialBytes = shape.memories[0]?.minBytes ?? 0
  return {
    format,
    async instantiate(options) {
      if (initialBytes > options.memoryBytes)
        throw memoryLimitTooLow(initialBytes, options.memoryBytes)
      return createRawGuest(program, options)
    },
  }
}

function checkImports(shape: ModuleShape): void {
  const unknown = shape.functionImports.map(({ name }) => name).filter((n) => !knownRawImport(n))
  const refused = [...unknown, ...shape.otherImports]
  if (refused.length > 0) throw moduleImportsUnknown(refused)
}

function checkExports(shape: ModuleShape, calls: RawProgram['calls']): void {
  const [memory] = shape.memories
  if (memory === undefined || shape.memories.length !== 1 || memory.is64)
    throw moduleInvalid('it does not have exactly one 32-bit memory of its own')
  if (shape.exports.get('memory') !== 'other') throw moduleInvalid('it does not export memory')
  for (const [name, wanted] of Object.entries(wantedExports[calls])) {
    const found = shape.exports.get(name)
    const text = typeof found === 'object' ? `${found.params} to ${found.results}` : 'nothing'
    if (text !== wanted) throw moduleInvalid(`its ${name} takes ${text}, not ${wanted}`)
  }
}

async function compile(bytes: Uint8Array): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes as Uint8Array<ArrayBuffer>)
  } catch (error) {
    throw notCompiled(error)
  }
}
