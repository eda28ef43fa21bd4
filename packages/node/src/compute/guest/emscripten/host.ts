import type { HeddleError } from '@heddle/protocol/base'
import { gasTable } from '@heddle/protocol/params'
import type { ModelCalls } from '../../model-calls/model-calls.ts'
import type { Meter } from '../../prepare/meter.ts'
import { type Drive, imagePageBytes } from '../ports.ts'
import type { Chance } from './chance.ts'

/** A WebAssembly function as JavaScript sees it: i64 is BigInt, everything else Number. */
export type RawFunction = (...args: (number | bigint)[]) => number | bigint | undefined
/** The same with every integer as Number; addresses and lengths stay far below 2^53. */
export type NumberFunction = (...args: number[]) => number

/**
 * The outside of one instance. What changes during `handle` (clock, chance, suspension, fault) is
 * set anew for every message, so nothing here outlives one.
 */
export type Host = {
  readonly pointerBytes: 4 | 8
  /** Linear memory never grows past this. */
  readonly maxBytes: number
  readonly print: ((text: string) => void) | undefined
  memory: WebAssembly.Memory
  /** What the module notes its writes in, see `mark-stores.ts`; undefined where it does not. */
  marks: Uint8Array | undefined
  /** Exports by name, as they are and with numbers. */
  raw: Readonly<Record<string, RawFunction>>
  numeric: Readonly<Record<string, NumberFunction>>
  table: WebAssembly.Table | undefined
  /** Next reading of every clock, ms; each reading moves it on by one. */
  clockMs: number
  chance: Chance
  readonly drive: Drive | undefined
  /** Models the guest may call; undefined: none. */
  readonly calls: ModelCalls | undefined
  /** Files that the message has open; undefined without a drive and models. */
  files: OpenFiles | undefined
  suspension: Suspension
  /** The upper half of a 64-bit result, which older modules keep with the host. */
  upperHalf: number
  /** Where the stack ends, where the module does not tell; undefined: it does. */
  readonly stackFloor: number | undefined
  /** The functions in `raw`, `numeric` and `table` are those that cannot suspend. */
  direct: boolean
  /** Counts gas and calls; undefined where the module was not prepared. */
  meter: Meter | undefined
  /** Set once the guest must be thrown away, even if it should catch what was thrown. */
  fault: HeddleError | undefined
}

/** The files a message has open, by descriptor; see `drive-files.ts` and `model-files.ts`. */
export type OpenFiles = {
  /** Some of them can be written. */
  readonly opensWritable: boolean
  has(descriptor: number): boolean
  isWritable(descriptor: number): boolean
  /** A descriptor, or undefined where the path names none of these. Ends the guest where it may not. */
  open(host: Host, path: string, writes: boolean): number | undefined
  /** Takes all of `bytes`; only where `isWritable`. */
  write(descriptor: number, bytes: Uint8Array): void
  /** Copies at most `length` bytes to `at`, and tells how many; 0 at the end. */
  read(host: Host, descriptor: number, at: number, length: number): number
  /** The new position, or undefined where there is none. */
  seek(host: Host, descriptor: number, offset: number, whence: number): number | undefined
  close(descriptor: number): boolean
}

/** A host function: integers come as numbers, pointers signed (`address` puts them right). */
export type HostFunction = (host: Host, ...args: number[]) => number | undefined

/** An asyncify unwind or rewind under way; `data` is the address of its record. */
type Suspension = { phase: 'none' | 'unwinding' | 'rewinding'; data: number }

/** Longest path that is looked at, as in POSIX. */
const pathBytesMax = 4096

/** Records why the guest ends and returns it to be thrown. The first reason stays. */
export function endGuest(host: Host, reason: HeddleError): HeddleError {
  host.fault ??= reason
  return host.fault
}

/** Address from a pointer argument, which arrives signed. */
export function address(host: Host, pointer: number): number {
  if (pointer >= 0) return pointer
  return pointer + (host.pointerBytes === 4 ? 2 ** 32 : 2 ** 64)
}

/** Memory as bytes, valid until the guest runs again. */
export function memoryBytes(host: Host): Uint8Array {
  return new Uint8Array(host.memory.buffer)
}

/** Memory as numbers, valid until the guest runs again. Out of bounds throws: a fault. */
export function memoryView(host: Host): DataView {
  return new DataView(host.memory.buffer)
}

/** Notes what the host is about to write; the module notes its own writes. Every write needs it. */
export function touch({ marks }: Host, at: number, length: number): void {
  if (length > 0) marks?.fill(1, pageOf(at), pageOf(at + length - 1) + 1)
}

function pageOf(at: number): number {
  return Math.floor(at / imagePageBytes)
}

export function readPointer(host: Host, view: DataView, at: number): number {
  return host.pointerBytes === 4 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true))
}

/** Writes a pointer or a C `size_t` / `long`. */
export function writePointer(host: Host, view: DataView, at: number, value: number): void {
  touch(host, at, host.pointerBytes)
  if (host.pointerBytes === 4) view.setInt32(at, value, true)
  else view.setBigInt64(at, BigInt(value), true)
}

/** A 64-bit argument comes whole in wasm64 and as two halves in wasm32. */
export function wide(parts: readonly number[]): number {
  const [low = 0, high] = parts
  return high === undefined ? low : high * 2 ** 32 + (low < 0 ? low + 2 ** 32 : low)
}

/** Bytes of a NUL-terminated string at `at`, valid until the guest runs again. */
export function stringBytes(host: Host, at: number): Buffer {
  const bytes = Buffer.from(host.memory.buffer)
  const end = bytes.indexOf(0, at)
  if (at >= bytes.length || end < 0) throw new RangeError('a string leaves the memory')
  host.meter?.charge((end - at) / gasTable.bulkBytesPerGas)
  return bytes.subarray(at, end)
}

/** NUL-terminated UTF-8 at `at`; malformed bytes become U+FFFD. */
export function readText(host: Host, at: number): string {
  return stringBytes(host, at).toString('utf8')
}

/** The same of a path; empty where it is longer than any file's: decoding takes longer than its gas. */
export function readPath(host: Host, at: number): string {
  const bytes = stringBytes(host, at)
  return bytes.length > pathBytesMax ? '' : bytes.toString('utf8')
}

/** Reads the clock: a function of the message, never the same value twice in one evaluation. */
export function readClockMs(host: Host): number {
  const now = host.clockMs
  host.clockMs += 1
  return now
}
