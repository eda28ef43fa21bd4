import { assert, errorMessage, isHeddleError } from '@heddle/protocol/base'
import { ModelCalls } from '../../model-calls/model-calls.ts'
import { createComputeLimit } from '../../prepare/compute-limit.ts'
import { Meter } from '../../prepare/meter.ts'
import { guestHostFailure, imageInvalid, memoryLimitTooLow, moduleInvalid } from '../errors.ts'
import { captureImage, findPages, restoreImage } from '../image/capture.ts'
import { NotedPages } from '../image/noted-pages.ts'
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
  /** It notes its writes: see `mark-stores.ts`. */
  readonly isMarked: boolean
  /** Set for modules of an older emscripten, which have been given today's names. */
  readonly legacy:
    | { readonly heapBytesMax: number; readonly stackFloor: number | undefined }
    | undefined
  /** Pages a fresh instance is not zero in; found when the first one needs to know. */
  freshPages: Uint32Array | undefined
  /** Instances whose guests were closed, for guests that go on from an image. */
  readonly spares: Shell[]
}

/** An instance and its host, whoever's state is in it. */
export type Shell = {
  readonly instance: WebAssembly.Instance
  readonly host: Host
  readonly direct: Entry
  readonly suspending: Entry
  readonly memory: WebAssembly.Memory
  readonly noted: NotedPages | undefined
}

const wasmPageBytes = 65_536
/** Largest heap of the reference host: 4 GiB less a page, 16 GiB. */
const heapBytesMax = { 4: 2 ** 32 - wasmPageBytes, 8: 2 ** 34 }

/** Instances kept for the next guest, of each program, and pages of them in use: what they hold stays resident. */
const sparesMax = 2
const sparePagesMax = 1024

/** An instance of an emscripten module: new, or continuing where an image was taken. */
export async function createEmscriptenGuest(
  program: Program,
  options: GuestOptions,
): Promise<Guest> {
  const { image } = options
  const shell = takeSpare(program, options) ?? (await instantiate(program, options))
  const { host, instance, memory, direct, suspending, noted } = shell
  let booted = false
  if (image === undefined) initialise(host, program.legacy !== undefined)
  else booted = restore(program, shell, image)
  let condition: 'good' | 'interrupted' | 'failed' | 'closed' = 'good'
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
    memory: () => (condition === 'closed' ? noBytes : memoryBytes(host)),
    gasUsed: () => host.meter?.gasUsed,
    receipts: () => host.calls?.receipts ?? [],
    capture(worn) {
      assert(condition === 'good', 'a closed or failed guest has no state')
      const state = readGlobalState(program.shape, instance.exports, booted)
      if (noted !== undefined) return noted.capture(memoryBytes(host), state, worn)
      return captureImage(memoryBytes(host), createPageScanner(memory, program.is64), state, worn)
    },
    reset(image) {
      if (condition === 'closed' || image.byteLength !== memory.buffer.byteLength) return false
      setMemory(program, shell, image)
      booted = writeGlobalState(program.shape, instance.exports, image.hostState)
      condition = 'good'
      return true
    },
    close() {
      if (condition === 'closed') return
      condition = 'closed'
      retire(program, shell)
    },
  }
}

const noBytes = new Uint8Array(0)

/** Nothing of the guest it had is left in it once it has the image's state: memory and globals are all there is. */
function takeSpare(program: Program, options: GuestOptions): Shell | undefined {
  const bytes = options.image?.byteLength ?? 0
  const place = program.spares.findIndex(({ memory }) => memory.buffer.byteLength <= bytes)
  const [shell] = place < 0 ? [] : program.spares.splice(place, 1)
  if (shell === undefined) return undefined
  bind(program, shell, options)
  return shell
}

function retire({ spares }: Program, shell: Shell): void {
  const { host, memory, noted } = shell
  const isSmall = noted !== undefined && noted.atMost(memory.buffer.byteLength) <= sparePagesMax
  if (isSmall) spares.push(shell)
  // Small memories serve every state, grown ones only some.
  const length = (each: Shell) => each.memory.buffer.byteLength
  spares.sort((a, b) => length(a) - length(b)).splice(sparesMax)
  enter(host, noEntry)
  host.memory = emptyMemory
  host.marks = undefined
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

async function instantiate(program: Program, options: GuestOptions): Promise<Shell> {
  const host = createHost(program, options)
  const imports = bindImports(host, program.shape)
  let instance: WebAssembly.Instance
  try {
    instance = await WebAssembly.instantiate(program.compiled, imports)
  } catch (error) {
    if (error instanceof RangeError) throw guestHostFailure(errorMessage(error), error)
    throw moduleInvalid('it cannot start: its data, its table or its start function fails', error)
  }
  const { memory } = instance.exports
  if (!(memory instanceof WebAssembly.Memory)) throw moduleInvalid('its export memory is not one')
  const suspending = entryOf(program, instance, program.runsDirect ? suspendingPrefix : '')
  const direct = program.runsDirect
    ? { ...entryOf(program, instance, ''), direct: true }
    : suspending
  const noted = program.isMarked
    ? new NotedPages(
        marksOf(instance),
        createPageScanner(memory, program.is64),
        freshPages(program, memory),
      )
    : undefined
  const shell = { instance, host, direct, suspending, memory, noted }
  bind(program, shell, options)
  return shell
}

/** Makes the host of an instance that of a new guest; its functions know it by reference. */
function bind(program: Program, shell: Shell, options: GuestOptions): void {
  const { host, instance, memory, suspending } = shell
  Object.assign(host, createHost(program, options))
  host.memory = memory
  host.marks = program.isMarked ? marksOf(instance) : undefined
  host.meter = Meter.of(instance.exports, host.maxBytes)
  enter(host, suspending)
}

function marksOf({ exports }: WebAssembly.Instance): Uint8Array {
  const memory = exports[marksName]
  assert(memory instanceof WebAssembly.Memory, 'a marked module exports its marks')
  return new Uint8Array(memory.buffer)
}

/** To be asked of an instance that has not run yet. */
function freshPages(program: Program, memory: WebAssembly.Memory): Uint32Array {
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

function restore(program: Program, shell: Shell, image: MemoryImage): boolean {
  const { host, instance, memory, noted } = shell
  if (image.byteLength > host.maxBytes) throw memoryLimitTooLow(image.byteLength, host.maxBytes)
  const added = (image.byteLength - memory.buffer.byteLength) / wasmPageBytes
  if (added < 0) throw imageInvalid('it is smaller than its module begins with')
  // Without notes it is no spare: it has not run yet.
  const present = noted === undefined ? freshPages(program, memory) : undefined
  try {
    if (added > 0) memory.grow((program.is64 ? BigInt(added) : added) as number)
  } catch (error) {
    throw guestHostFailure(`no ${image.byteLength} bytes of memory for it`, error)
  }
  setMemory(program, shell, image, present)
  return writeGlobalState(program.shape, instance.exports, image.hostState)
}

/** Makes memory, of the image's length already, what the image says. `present`: the pages that may hold anything. */
function setMemory(
  { is64 }: Program,
  { memory, noted }: Shell,
  image: MemoryImage,
  present?: Uint32Array,
): void {
  const bytes = new Uint8Array(memory.buffer)
  if (noted !== undefined) noted.restore(bytes, image)
  else {
    const held = present ?? findPages(createPageScanner(memory, is64), bytes.length)
    restoreImage(bytes, image, held)
  }
}
