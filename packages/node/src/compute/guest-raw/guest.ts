import { assert, errorMessage } from '@heddle/protocol/base'
import { gasTable } from '@heddle/protocol/params'
import { decodeReply } from '../guest/decode-reply.ts'
import { seededChance } from '../guest/emscripten/chance.ts'
import { readGlobalState, writeGlobalState } from '../guest/emscripten/global-state.ts'
import {
  guestFault,
  guestHostFailure,
  imageInvalid,
  memoryLimitTooLow,
  moduleInvalid,
} from '../guest/errors.ts'
import { captureImage, findPages, restoreImage } from '../guest/image/capture.ts'
import { createPageScanner } from '../guest/image/page-scanner.ts'
import type { ModuleShape } from '../guest/module/shape.ts'
import type { Guest, GuestContext, GuestOptions, MemoryImage } from '../guest/ports.ts'
import { ModelCalls } from '../model-calls/model-calls.ts'
import { createComputeLimit } from '../prepare/compute-limit.ts'
import { Meter } from '../prepare/meter.ts'
import { bindRawImports } from './imports.ts'
import type { World } from './world.ts'

/** A compiled module with what its instances share. */
export type RawProgram = {
  readonly compiled: WebAssembly.Module
  readonly shape: ModuleShape
  /** `bytes`: pointer and length in and out; `text`: NUL-terminated, as AO's emscripten modules. */
  readonly calls: 'bytes' | 'text'
  /** Pages a fresh instance is not zero in; found when an image is first restored. */
  freshPages: Uint32Array | undefined
}

const wasmPageBytes = 65_536
const addressedBytes = 2 ** 32 - wasmPageBytes

type Exports = {
  readonly memory: WebAssembly.Memory
  readonly _initialize?: () => void
  readonly allocate?: (bytes: number) => number
  readonly malloc?: (bytes: number) => number
  readonly free?: (at: number) => void
  readonly handle: (at: number, lengthOrEnvironment: number) => bigint | number
}

/** One live process of a raw module: new, or continuing where an image was taken. */
export async function createRawGuest(program: RawProgram, options: GuestOptions): Promise<Guest> {
  const limitBytes = Math.min(options.memoryBytes, addressedBytes)
  const world = createWorld(options)
  const instance = await instantiate(program, world)
  const exports = instance.exports as unknown as Exports
  const meter = Meter.of(instance.exports, limitBytes)
  assert(meter !== undefined, 'raw modules are prepared')
  world.meter = meter
  world.memory = exports.memory
  if (options.image === undefined) initialise(exports, meter)
  else restore(program, instance, world, options.image, limitBytes)
  const computeLimit = createComputeLimit()
  let live = true
  return {
    handle(messageJson, environmentJson, context) {
      assert(live, 'a closed or failed guest is not used again')
      setMessage(world, messageJson, environmentJson, context)
      meter.begin(computeLimit(environmentJson))
      try {
        const reply =
          program.calls === 'bytes' ? callBytes(world, exports) : callText(world, exports)
        const overdraft = meter.overdraft()
        if (overdraft !== undefined) throw overdraft
        return reply
      } catch (error) {
        live = false
        throw meter.reasonOf(error)
      }
    },
    gasUsed: () => meter.gasUsed,
    receipts: () => world.calls.receipts,
    memory: () => new Uint8Array(world.memory.buffer),
    capture() {
      assert(live, 'a closed or failed guest has no state')
      const state = readGlobalState(program.shape, instance.exports, true)
      return captureImage(
        new Uint8Array(world.memory.buffer),
        createPageScanner(world.memory, false),
        state,
      )
    },
    close() {
      live = false
      world.memory = emptyMemory
    },
  }
}

const emptyMemory = new WebAssembly.Memory({ initial: 0, maximum: 0 })

function createWorld(options: GuestOptions): World {
  return {
    memory: emptyMemory,
    meter: undefined,
    print: options.print,
    timestampMs: 0,
    chance: seededChance(new Uint8Array(32)),
    calls: new ModelCalls(options.models),
    reply: new Uint8Array(0),
    messageJson: '{}',
    environmentJson: '{}',
    fields: undefined,
  }
}

function setMessage(
  world: World,
  messageJson: string,
  environmentJson: string,
  context: GuestContext,
): void {
  world.messageJson = messageJson
  world.environmentJson = environmentJson
  world.fields = undefined
  world.timestampMs = context.timestampMs
  world.chance = seededChance(context.seed)
  world.calls.begin(context.seed)
  world.reply = new Uint8Array(0)
}

async function instantiate(program: RawProgram, world: World): Promise<WebAssembly.Instance> {
  const names = program.shape.functionImports.map(({ name }) => name)
  try {
    return await WebAssembly.instantiate(program.compiled, bindRawImports(world, names))
  } catch (error) {
    if (error instanceof RangeError && !/call stack/.test(error.message))
      throw guestHostFailure(errorMessage(error), error)
    throw moduleInvalid('its start function failed', error)
  }
}

function initialise(exports: Exports, meter: Meter): void {
  try {
    meter.begin(gasTable.startLimit)
    exports._initialize?.()
  } catch (error) {
    throw guestFault(`it did not start: ${meter.reasonOf(error).message}`, error)
  }
}

function callBytes({ memory, messageJson, meter }: World, exports: Exports): string {
  const length = Buffer.byteLength(messageJson)
  meter?.charge(length / gasTable.bulkBytesPerGas)
  const at = (exports.allocate?.(length) ?? 0) >>> 0
  put(memory, at, length, messageJson)
  const reply = BigInt.asUintN(64, BigInt(exports.handle(at, length)))
  const replyLength = Number(reply & 0xffff_ffffn)
  return read(memory, Number(reply >> 32n), replyLength)
}

function callText(world: World, exports: Exports): string {
  const texts = [world.messageJson, world.environmentJson].map((text) => {
    const length = Buffer.byteLength(text)
    world.meter?.charge(length / gasTable.bulkBytesPerGas)
    const at = (exports.malloc?.(length + 1) ?? 0) >>> 0
    if (at === 0) throw guestFault('the message does not fit its memory')
    put(world.memory, at, length + 1, `${text}\0`)
    return at
  })
  const [message = 0, environment = 0] = texts
  const at = Number(exports.handle(message, environment)) >>> 0
  if (at === 0) throw guestFault('handle returned nothing')
  const end = Buffer.from(world.memory.buffer).indexOf(0, at)
  if (end < 0) throw guestFault('its reply leaves the memory')
  const reply = read(world.memory, at, end - at)
  for (const text of texts) exports.free?.(text)
  return reply
}

function put(memory: WebAssembly.Memory, at: number, length: number, text: string): void {
  if (at + length > memory.buffer.byteLength) throw guestFault('it has no room for the message')
  Buffer.from(memory.buffer, at, length).write(text, 'utf8')
}

function read(memory: WebAssembly.Memory, at: number, length: number): string {
  if (at + length > memory.buffer.byteLength) throw guestFault('its reply leaves the memory')
  return decodeReply(new Uint8Array(memory.buffer, at, length))
}

function restore(
  program: RawProgram,
  instance: WebAssembly.Instance,
  world: World,
  image: MemoryImage,
  limitBytes: number,
): void {
  const { memory } = world
  program.freshPages ??= findPages(createPageScanner(memory, false), memory.buffer.byteLength)
  if (image.byteLength > limitBytes) throw memoryLimitTooLow(image.byteLength, limitBytes)
  const added = (image.byteLength - memory.buffer.byteLength) / wasmPageBytes
  if (added < 0) throw imageInvalid('it is smaller than its module begins with')
  try {
    memory.grow(added)
  } catch (error) {
    throw guestHostFailure(`no ${image.byteLength} bytes of memory for it`, error)
  }
  restoreImage(new Uint8Array(memory.buffer), image, program.freshPages)
  writeGlobalState(program.shape, instance.exports, image.hostState)
}
