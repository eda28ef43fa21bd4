import { assert, errorMessage, isHeddleError } from '@heddle/protocol/base'
import { ModelCalls } from '../../model-calls/model-calls.ts'
import { createComputeLimit } from '../../prepare/compute-limit.ts'
import { Meter } from '../../prepare/meter.ts'
import { guestHostFailure, imageInvalid, memoryLimitTooLow, moduleInvalid } from '../errors.ts'
import { captureImage, findPages, restoreImage } from '../image/capture.ts'
import { createPageScanner } from '../image/page-scanner.ts'
import { marksName } from '../module/mark-stores.ts'
import type { ModuleShape } from '../module/shape.ts'
import { suspendingPrefix } from '../module/split-suspending.ts'
import type { Guest, GuestOptions, MemoryImage } from '../ports.ts'
import { bootClockMs, callHandle, initialise, prepareMessage } from './call.ts'
import { seededChance } from './chance.ts'
import { readGlobalState, writeGlobalState } from './global-state.ts'
import { type Host, memoryBytes, type NumberFunction, type RawFunction } from './host.ts'
import { bindImports, withNumbers } from './imports.ts'

/** A compiled module with what its instances share. */
export type Program = {
  readonly compiled: WebAssembly.Module
  readonly shape: ModuleShape
  readonly is64: boolean
  /** Its functions are there twice: see `split-suspending.ts`. */
  readonly runsDirect: boolean
  /** Whether it notes its writes: see `mark-stores.ts`. `later`: an instance that goes on from an image does. */
  readonly marks: 'none' | 'later' | 'noted'
  /** Set for modules of an older emscripten, which have been given today's names. */
  readonly legacy:
    | { readonly heapBytesMax: number; readonly stackFloor: number | undefined }
    | undefined
  /** Pages a fresh instance is not zero in; found when the first one needs to know. */
  freshPages: Uint32Array | undefined
}

const wasmPageBytes = 65_536
/** Largest heap of the reference host: 4 GiB less a page, 16 GiB. */
const heapBytesMax = { 4: 2 ** 32 - wasmPageBytes, 8: 2 ** 34 }

/** An instance of an emscripten module: new, or continuing where an image was taken. */
export async function createEmscriptenGuest(
  program: Program,
  options: GuestOptions,
): Promise<Guest> {
  const host = createHost(program, options)
  const { instance, direct, suspending } = await instantiate(program, host)
  let booted = false
  if (host.marks !== undefined) markPages(host.marks, freshPages(program, host))
  if (options.image === undefined) initialise(host, program.legacy !== undefined)
  else booted = restore(program, host, instance, options.image)
  let condition: 'good' | 'interrupted' | 'failed' = 'good'
  const computeLimit = createComputeLimit()
  return {
    handle(messageJson, environmentJson, context) {
      assert(condition === 'good', 'a closed or failed guest is not used again')
      enter(host, context.mayRestart ? direct : suspending)
      prepareMessage(host, context, booted)
      host.meter?.begin(computeLimit(environmentJson))
      const texts = { messageJson, environmentJson }
      const answer = callHandle(host, texts, () => {
        condition = isHeddleError(host.fault, 'guest-must-suspend') ? 'interrupted' : 'failed'
      })
      booted = true
      return answer
    },
    memory: () => memoryBytes(host),
    gasUsed: () => host.meter?.gasUsed,
    receipts: () => host.calls?.receipts ?? [],
    capture(worn) {
      assert(condition === 'good', 'a closed or failed guest has no state')
      const scan = createPageScanner(host.memory, program.is64)
      const state = readGlobalState(program.shape, instance.exports, booted)
      return captureImage(memoryBytes(host), scan, state, { marks: host.marks, worn })
    },
    reset(image) {
      // From here on it is worth noting writes.
      if (program.marks === 'later' && condition !== 'interrupted') return false
      if (condition === 'failed' || image.byteLength !== host.memory.buffer.byteLength) return false
      const scan = createPageScanner(host.memory, program.is64)
      restoreImage(memoryBytes(host), image, findPages(scan, image.byteLength, host.marks))
      if (host.marks !== undefined) markPages(host.marks.fill(0), image.indexes)
      booted = writeGlobalState(program.shape, instance.exports, image.hostState)
      condition = 'good'
      return true
    },
    close() {
      condition = 'failed'
      enter(host, noEntry)
      host.memory = emptyMemory
      host.marks = undefined
    },
  }
}

/** The functions by which a guest is entered. */
type Entry = Pick<Host, 'direct' | 'raw' | 'numeric' | 'table'>

const noEntry: Entry = { direct: false, raw: {}, numeric: {}, table: undefined }

function enter(host: Host, { direct, raw, numeric, table }: Entry): void {
  host.direct = direct
  host.raw = raw
  host.numeric = numeric
  host.table = table
}

const emptyMemory = new WebAssembly.Memory({ initial: 0, maximum: 0 })

function createHost(program: Program, options: GuestOptions): Host {
  const pointerBytes = program.is64 ? 8 : 4
  const declaredMax = program.shape.memories[0]?.maxBytes ?? heapBytesMax[pointerBytes]
  const heapMax = program.legacy?.heapBytesMax ?? heapBytesMax[pointerBytes]
  const limit = Math.min(options.memoryBytes, declaredMax, heapMax)
  return {
    pointerBytes,
    maxBytes: limit - (limit % wasmPageBytes),
    print: options.print,
    memory: emptyMemory,
    marks: undefined,
    ...noEntry,
    clockMs: bootClockMs,
    chance: seededChance(new Uint8Array(32)),
    drive: options.drive,
    calls: options.models && new ModelCalls(options.models),
    files: undefined,
    suspension: { phase: 'none', data: 0 },
    upperHalf: 0,
    stackFloor: program.legacy?.stackFloor,
    meter: undefined,
    fault: undefined,
  }
}

async function instantiate(program: Program, host: Host) {
  const imports = bindImports(host, program.shape)
  let instance: WebAssembly.Instance
  try {
    instance = await WebAssembly.instantiate(program.compiled, imports)
  } catch (error) {
    if (error instanceof RangeError) throw guestHostFailure(errorMessage(error), error)
    throw moduleInvalid(`it cannot start: ${errorMessage(error)}`, error)
  }
  const { memory } = instance.exports
  if (!(memory instanceof WebAssembly.Memory)) throw moduleInvalid('its export memory is not one')
  host.memory = memory
  host.marks = program.marks === 'noted' ? marksOf(instance) : undefined
  host.meter = Meter.of(instance.exports, host.maxBytes)
  const suspending = entryOf(program, instance, program.runsDirect ? suspendingPrefix : '')
  const direct = program.runsDirect
    ? { ...entryOf(program, instance, ''), direct: true }
    : suspending
  enter(host, suspending)
  return { instance, direct, suspending }
}

function marksOf({ exports }: WebAssembly.Instance): Uint8Array {
  const memory = exports[marksName]
  assert(memory instanceof WebAssembly.Memory, 'a marked module exports its marks')
  return new Uint8Array(memory.buffer)
}

function markPages(marks: Uint8Array, indexes: Uint32Array): void {
  for (const page of indexes) marks[page] = 1
}

/** To be asked of an instance that has not run yet. */
function freshPages(program: Program, { memory }: Host): Uint32Array {
  const { is64 } = program
  program.freshPages ??= findPages(createPageScanner(memory, is64), memory.buffer.byteLength)
  return program.freshPages
}

function entryOf({ shape }: Program, { exports }: WebAssembly.Instance, prefix: string): Entry {
  const raw: Record<string, RawFunction> = {}
  const numeric: Record<string, NumberFunction> = {}
  for (const [name, signature] of shape.exports) {
    if (signature === 'other') continue
    const exported = exports[`${prefix}${name}`] as RawFunction
    raw[name] = exported
    numeric[name] = withNumbers(exported, signature)
  }
  const table = exports[`${prefix}__indirect_function_table`]
  return {
    direct: false,
    raw,
    numeric,
    table: table instanceof WebAssembly.Table ? table : undefined,
  }
}

function restore(
  program: Program,
  host: Host,
  instance: WebAssembly.Instance,
  image: MemoryImage,
): boolean {
  const fresh = freshPages(program, host)
  if (image.byteLength > host.maxBytes) throw memoryLimitTooLow(image.byteLength, host.maxBytes)
  const added = (image.byteLength - host.memory.buffer.byteLength) / wasmPageBytes
  if (added < 0) throw imageInvalid('it is smaller than its module begins with')
  try {
    host.memory.grow((program.is64 ? BigInt(added) : added) as number)
  } catch (error) {
    throw guestHostFailure(`no ${image.byteLength} bytes of memory for it`, error)
  }
  restoreImage(memoryBytes(host), image, fresh)
  if (host.marks !== undefined) markPages(host.marks, image.indexes)
  return writeGlobalState(program.shape, instance.exports, image.hostState)
}
