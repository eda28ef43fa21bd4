import { encodeText } from '@heddle/protocol/base'
import { gasTable, modelCalls } from '@heddle/protocol/params'
import { guestFault } from '../guest/errors.ts'
import { fieldOf, type World } from './world.ts'

/** WASI errno values (preview 1). */
const success = 0
const badFile = 8
const nanosecondsPerMs = 1_000_000n
/** A host function may not be given more than this at once, whatever it pays. */
const printedBytesMax = 1024 * 1024

type Served = (world: World, ...args: number[]) => number | bigint | undefined

/** Bytes of the memory that a guest names; out of bounds ends in a fault. Paid by their length. */
function bytesAt(world: World, at: number, length: number): Uint8Array {
  world.meter?.charge((length >>> 0) / gasTable.bulkBytesPerGas)
  return new Uint8Array(world.memory.buffer, at >>> 0, length >>> 0)
}

function viewOf(world: World): DataView {
  return new DataView(world.memory.buffer)
}

function textAt(world: World, at: number, length: number): string {
  return Buffer.from(bytesAt(world, at, length)).toString('utf8')
}

/** `field(nameAt, nameLength, at, room)`: copies what fits and gives the whole length, or -1. */
function copyField(world: World, nameAt = 0, nameLength = 0, at = 0, room = 0): number {
  const value = fieldOf(world, bytesAt(world, nameAt, nameLength))
  if (value === undefined) return -1
  const part = value.subarray(0, room >>> 0)
  bytesAt(world, at, part.length).set(part)
  return value.length
}

/** `complete(at, length)`: puts a request to a model; gives the length of the answer, JSON both. */
function callModel(world: World, at = 0, length = 0): number {
  const request = textAt(world, at, length)
  const left = world.meter?.gasLeft ?? 0
  const gasMax = Math.floor(left / modelCalls.unitsPerGas)
  const { text, gasUsed, isSpent } = world.calls.call(request, gasMax)
  world.meter?.charge(isSpent ? left + 1 : gasUsed * modelCalls.unitsPerGas)
  world.reply = encodeText(text)
  return world.reply.length
}

/** `completion(at, room)`: copies what fits of the last answer and gives its whole length. */
function copyCompletion(world: World, at = 0, room = 0): number {
  const part = world.reply.subarray(0, room >>> 0)
  bytesAt(world, at, part.length).set(part)
  return world.reply.length
}

function print(world: World, at = 0, length = 0): undefined {
  const bytes = bytesAt(world, at, Math.min(length >>> 0, printedBytesMax))
  world.print?.(Buffer.from(bytes).toString('utf8'))
}

function drawBytes(world: World, at = 0, length = 0): number {
  world.meter?.charge((length >>> 0) * gasTable.randomByte)
  world.chance.fill(bytesAt(world, at, length))
  return success
}

/** A number from 0 to 1 by the message's seed; AssemblyScript asks for it once per instance. */
function drawSeed(world: World): number {
  const bytes = new Uint8Array(8)
  world.chance.fill(bytes)
  return Number(new DataView(bytes.buffer).getBigUint64(0, true) >> 11n) / 2 ** 53
}

/** AssemblyScript: pointers to UTF-16 text with its length in front. */
function abort(world: World, message = 0): never {
  throw guestFault(message === 0 ? 'it aborted' : `it aborted: ${wideText(world, message)}`)
}

function wideText(world: World, at: number): string {
  const length = Math.min(viewOf(world).getUint32((at >>> 0) - 4, true), 2048)
  return Buffer.from(bytesAt(world, at, length)).toString('utf16le')
}

function exit(_world: World, status = 0): never {
  throw guestFault(`it exited with status ${status}`)
}

function readClock(world: World, _clock: number, _precision: number, at = 0): number {
  viewOf(world).setBigUint64(at >>> 0, BigInt(world.timestampMs) * nanosecondsPerMs, true)
  return success
}

function writeFile(world: World, file = 0, list = 0, count = 0, writtenAt = 0): number {
  if (file !== 1 && file !== 2) return badFile
  let written = 0
  world.meter?.charge((count >>> 0) * gasTable.listedBuffer)
  for (let i = 0; i < count >>> 0; i++) {
    const entry = (list >>> 0) + 8 * i
    const length = viewOf(world).getUint32(entry + 4, true)
    print(world, viewOf(world).getUint32(entry, true), length)
    written += length
  }
  viewOf(world).setUint32(writtenAt >>> 0, written, true)
  return success
}

/** No arguments, no environment: two zeros. */
function writeNothing(world: World, countAt = 0, bytesAt = 0): number {
  viewOf(world).setUint32(countAt >>> 0, 0, true)
  viewOf(world).setUint32(bytesAt >>> 0, 0, true)
  return success
}

const noFile: Served = () => badFile
const wasi = 'wasi_snapshot_preview1.'

/** What a raw module may import, all of it a function of the message. */
const served: ReadonlyMap<string, Served> = new Map<string, Served>([
  ['heddle.complete', callModel],
  ['heddle.completion', copyCompletion],
  ['heddle.field', copyField],
  ['heddle.print', print],
  ['heddle.random', drawBytes],
  ['heddle.timestamp', ({ timestampMs }) => timestampMs],
  ['env.abort', abort],
  ['env.seed', drawSeed],
  [`${wasi}proc_exit`, exit],
  [`${wasi}clock_time_get`, readClock],
  [`${wasi}random_get`, drawBytes],
  [`${wasi}fd_write`, writeFile],
  [`${wasi}args_sizes_get`, writeNothing],
  [`${wasi}args_get`, () => success],
  [`${wasi}environ_sizes_get`, writeNothing],
  [`${wasi}environ_get`, () => success],
  [`${wasi}sched_yield`, () => success],
  ...['fd_close', 'fd_read', 'fd_seek', 'fd_fdstat_get', 'fd_prestat_get'].map(
    (name): [string, Served] => [wasi + name, noFile],
  ),
  ...['fd_prestat_dir_name', 'path_open', 'fd_filestat_get', 'fd_fdstat_set_flags'].map(
    (name): [string, Served] => [wasi + name, noFile],
  ),
])

export function knownRawImport(name: string): boolean {
  return served.has(name)
}

/** The import object of one instance; only what the module names is in it. */
export function bindRawImports(world: World, names: readonly string[]): WebAssembly.Imports {
  const imports: Record<string, Record<string, (...args: (number | bigint)[]) => unknown>> = {}
  for (const name of names) {
    const dot = name.indexOf('.')
    const group = imports[name.slice(0, dot)] ?? {}
    imports[name.slice(0, dot)] = group
    const run = served.get(name)
    group[name.slice(dot + 1)] = (...args) => run?.(world, ...args.map(Number))
  }
  return imports
}
