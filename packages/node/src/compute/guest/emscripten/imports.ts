import { gasTable } from '@heddle/protocol/params'
import { guestFault, guestHostFailure } from '../errors.ts'
import type { FunctionImport, ModuleShape, Signature } from '../module/shape.ts'
import { fileImports } from './file-imports.ts'
import {
  address,
  endGuest,
  type Host,
  type HostFunction,
  memoryBytes,
  type NumberFunction,
  type RawFunction,
  readPath,
  readText,
  touch,
} from './host.ts'
import { bindInvoke, isInvoke, longjmp } from './invoke.ts'
import { legacyImports } from './legacy-imports.ts'
import { returnSuspended } from './suspension.ts'
import { timeImports } from './time-imports.ts'

const wasmPageBytes = 65_536
const growthBytesMax = 96 * 1024 * 1024

/**
 * `emscripten_resize_heap`: grows by 20 % or to what is asked, whichever is larger, but at most
 * 96 MiB past what is asked (emscripten's documented MEMORY_GROWTH_GEOMETRIC_STEP and _CAP) and
 * never past the limit.
 */
function growMemory(host: Host, requested: number): number {
  const size = address(host, requested)
  if (size > host.maxBytes) {
    host.meter?.noteRefusal()
    return 0
  }
  const present = host.memory.buffer.byteLength
  if (size <= present) return 1
  const generous = Math.min(present * 1.2, size + growthBytesMax)
  const pages = Math.ceil(Math.max(size, generous) / wasmPageBytes)
  const bytes = Math.min(host.maxBytes, pages * wasmPageBytes)
  const added = (bytes - present) / wasmPageBytes
  host.meter?.charge(added * gasTable.pageGrowth)
  try {
    const is64 = host.pointerBytes === 8
    // memory64 takes its page count as BigInt, which the type of grow does not know yet.
    host.memory.grow((is64 ? BigInt(added) : added) as number)
  } catch (error) {
    // Whether this machine has the memory must not decide what the guest sees.
    throw endGuest(host, guestHostFailure(`no ${bytes} bytes of memory for it`, error))
  }
  return 1
}

function copyMemory(host: Host, to: number, from: number, length: number): undefined {
  const start = address(host, from)
  touch(host, address(host, to), address(host, length))
  memoryBytes(host).copyWithin(address(host, to), start, start + address(host, length))
}

function exit(host: Host, status: number): never {
  throw endGuest(host, guestFault(`it exited with status ${status}`))
}

function abort(host: Host): never {
  throw endGuest(host, guestFault('it aborted'))
}

function failAssertion(host: Host, condition: number): never {
  throw endGuest(host, guestFault(`assertion failed: ${readText(host, address(host, condition))}`))
}

function throwForeign(host: Host): never {
  throw endGuest(host, guestFault('it threw a C++ exception, which no AO host carries'))
}

function print(host: Host, text: number): undefined {
  host.print?.(`${readText(host, address(host, text))}\n`)
}

/**
 * What is on the drive is given at once. Where nothing is, the module is told so the way the reference tells
 * it without a drive.
 */
function openOnDrive(host: Host, path: number): number {
  const isOpening = host.files !== undefined && host.suspension.phase === 'none'
  const opened = isOpening && host.files?.open(host, readPath(host, address(host, path)), false)
  return opened || returnSuspended(host, 0)
}

function readFromDrive(host: Host, descriptor: number, to: number, length: number): number {
  return host.files?.read(host, descriptor, address(host, to), address(host, length)) ?? 0
}

const processImports: Readonly<Record<string, HostFunction>> = {
  'env.exit': exit,
  'wasi_snapshot_preview1.proc_exit': exit,
  'env._abort_js': abort,
  'env.abort': abort,
  'env.__assert_fail': failAssertion,
  'env.__cxa_throw': throwForeign,
  'env._emscripten_throw_longjmp': () => {
    throw longjmp
  },
  'env.emscripten_resize_heap': growMemory,
  'env.emscripten_get_heap_max': (host) => host.maxBytes,
  'env._emscripten_memcpy_js': copyMemory,
  'env.emscripten_notify_memory_growth': () => undefined,
  'env.emscripten_out': print,
  'env.emscripten_err': print,
  'env.__asyncjs__weavedrive_open': openOnDrive,
  'env.__asyncjs__weavedrive_read': readFromDrive,
  'env.__asyncjs__weavedrive_close': (host, descriptor = -1) => {
    host.files?.close(descriptor)
    return 0
  },
  'env.metering_gasUsed': (host) => host.meter?.gasUsed ?? 0,
}

const hostFunctions = new Map(
  Object.entries({ ...fileImports, ...timeImports, ...legacyImports, ...processImports }),
)

type Price = (host: Host, args: readonly number[]) => number

const ofRandom: Price = (host, [, length = 0]) => address(host, length) * gasTable.randomByte
const ofList: Price = (host, [, , count = 0]) => address(host, count) * gasTable.listedBuffer

/** What a host function costs by the size of its work, by its arguments; gas. */
const prices: ReadonlyMap<string, Price> = new Map([
  [
    'env._emscripten_memcpy_js',
    (host, [, , length = 0]) => address(host, length) / gasTable.bulkBytesPerGas,
  ],
  ['env.getentropy', ofRandom],
  ['wasi_snapshot_preview1.random_get', ofRandom],
  ['wasi_snapshot_preview1.fd_write', ofList],
  ['wasi_snapshot_preview1.fd_read', ofList],
])

/** Tells whether a function import, as `module.name`, can be served. */
export function knownImport(name: string): boolean {
  return hostFunctions.has(name) || isInvoke(name)
}

/** The import object of one instance; only what the module names is in it. */
export function bindImports(host: Host, shape: ModuleShape): WebAssembly.Imports {
  const imports: Record<string, Record<string, RawFunction>> = {}
  for (const wanted of shape.functionImports) {
    const dot = wanted.name.indexOf('.')
    const space = wanted.name.slice(0, dot)
    const group = imports[space] ?? {}
    imports[space] = group
    group[wanted.name.slice(dot + 1)] = bindImport(host, wanted, shape)
  }
  return imports
}

function bindImport(host: Host, wanted: FunctionImport, shape: ModuleShape): RawFunction {
  const serve = hostFunctions.get(wanted.name)
  if (serve === undefined) return bindInvoke(host, wanted, shape)
  const served = paid(serve, wanted.name)
  const wideResult = wanted.signature.results[0] === 'i64'
  if (!wideResult && !wanted.signature.params.includes('i64'))
    return (...args) => served(host, ...(args as number[]))
  return (...args) => {
    const result = served(host, ...args.map(Number)) ?? 0
    return wideResult ? BigInt(Math.trunc(result)) : result
  }
}

/** The same function, which takes gas by size where it works by size. */
function paid(serve: HostFunction, name: string): HostFunction {
  const price = prices.get(name)
  if (price === undefined) return serve
  return (host, ...args) => {
    host.meter?.charge(price(host, args))
    return serve(host, ...args)
  }
}

/** A raw export as a function of numbers; integers come back signed. */
export function withNumbers(raw: RawFunction, signature: Signature): NumberFunction {
  const { params } = signature
  if (!params.includes('i64')) return (...args) => Number(raw(...args) ?? 0)
  const raised = (args: number[]) =>
    params.map((kind, i) => (kind === 'i64' ? BigInt(args[i] ?? 0) : (args[i] ?? 0)))
  return (...args) => Number(raw(...raised(args)) ?? 0)
}
