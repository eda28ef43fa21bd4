import { decodeText } from '@heddle/protocol/base'
import { modelCalls } from '@heddle/protocol/params'
import { guestFault } from '../guest/errors.ts'
import { checkSteps } from './budget.ts'
import { type Engine, memoryBytes, readText, writeText } from './engine.ts'

/** WASI errno values (preview 1). */
const success = 0
const badFile = 8
const notSupported = 52

/** What the prelude gets from us: `evalScript(source, fileName, flags)`. */
export const evalScriptName = 'evalScript'
/** And `callModel(request)`: JSON in, JSON out. */
export const callModelName = 'callModel'

/** And `readEnvironment()`: JSON. */
export const environmentName = 'readEnvironment'

/** And `readSeed()`: 32 characters, one for each byte. */
export const seedName = 'readSeed'

/**
 * The whole outside of the sandbox: a clock that stands still at the message's timestamp, random
 * bytes drawn from its seed, UTC, no files but a log, and scripts evaluated in the global scope.
 */
export function engineImports(engine: () => Engine): WebAssembly.Imports {
  return {
    env: {
      host_call: (name: number, length: number, _self: number, count: number, list: number) =>
        callHost(
          engine(),
          decodeText(memoryBytes(engine()).slice(name, name + length)),
          count,
          list,
        ),
      host_interrupt: () => checkBudget(engine()),
      host_promise_rejection: (promise: number, reason: number, handled: number) =>
        trackRejection(engine(), promise, reason, handled !== 0),
      host_module_normalize: (_base: number, name: number) =>
        writeText(engine(), readCString(engine(), name)).at,
      host_module_load: (name: number, lengthAt: number) => loadSource(engine(), name, lengthAt),
      host_get_timezone_offset: () => 0,
    },
    wasi_snapshot_preview1: {
      clock_time_get: (_clock: number, _precision: bigint, at: number) => {
        const nanoseconds = BigInt(engine().world.timestampMs) * 1_000_000n
        new DataView(engine().exports.memory.buffer).setBigUint64(at, nanoseconds, true)
        return success
      },
      random_get: (at: number, length: number) => drawBytes(engine(), at, length),
      fd_write: (file: number, list: number, count: number, writtenAt: number) =>
        writeLog(engine(), file, list, count, writtenAt),
      fd_close: () => notSupported,
      fd_seek: () => notSupported,
      fd_fdstat_get: () => badFile,
    },
  }
}

function callHost(engine: Engine, name: string, count: number, list: number): number {
  if (name === callModelName && count === 1) return callModel(engine, list)
  if (name === environmentName) return textValue(engine, engine.world.environment)
  if (name === seedName) return textValue(engine, seedText(engine.world.seed))
  if (name !== evalScriptName || count !== 3) return 0
  const { exports, world } = engine
  const view = new DataView(exports.memory.buffer)
  const [source, fileName, flags] = [0, 4, 8].map((offset) => view.getUint32(list + offset, true))
  if (source === undefined || fileName === undefined || flags === undefined) return 0
  const sourceAt = exports.qjs_get_string_len(source, world.scratchAt)
  const length = new DataView(exports.memory.buffer).getUint32(world.scratchAt, true)
  const fileNameAt = exports.qjs_get_string_len(fileName, world.scratchAt)
  let result = 0
  if (sourceAt !== 0 && fileNameAt !== 0) {
    result = exports.qjs_eval(sourceAt, length, fileNameAt, exports.qjs_get_float64(flags))
  }
  if (sourceAt !== 0) exports.qjs_free_cstring(sourceAt)
  if (fileNameAt !== 0) exports.qjs_free_cstring(fileNameAt)
  // No value tells the engine to throw on what qjs_eval left pending.
  if (result !== 0 && exports.qjs_is_exception(result) !== 0) {
    exports.qjs_free_value(result)
    return 0
  }
  return result
}

/** Charged as steps; where they end in it, the next check of the engine unwinds the evaluation. */
function callModel(engine: Engine, list: number): number {
  const { exports, world, meter } = engine
  const { stepsPerGas, unitsPerGas } = modelCalls
  const given = new DataView(exports.memory.buffer).getUint32(list, true)
  const request = readText(engine, given)
  if (request === undefined) return 0
  const steps = world.checksLeft * checkSteps - world.stepsOwed
  const units = meter?.gasLeft ?? Number.POSITIVE_INFINITY
  const gasMax = Math.floor(Math.min(steps / stepsPerGas, units / unitsPerGas))
  const { text, gasUsed, isSpent } = world.calls.call(request, gasMax)
  meter?.charge(gasUsed * unitsPerGas)
  world.stepsOwed += gasUsed * stepsPerGas
  const checks = isSpent ? world.checksLeft : Math.floor(world.stepsOwed / checkSteps)
  world.stepsOwed -= checks * checkSteps
  world.checksLeft -= checks
  world.checks += checks
  if (isSpent) world.exceeded = true
  return textValue(engine, text)
}

function seedText(seed: Uint8Array): string {
  let text = ''
  for (const byte of seed) text += String.fromCharCode(byte)
  return text
}

function textValue(engine: Engine, text: string): number {
  const { exports } = engine
  const { at, length } = writeText(engine, text)
  if (at === 0) throw guestFault('out of memory')
  const value = exports.qjs_new_string(at, length)
  exports.wasm_free(at)
  return value
}

function checkBudget(engine: Engine): number {
  const { world } = engine
  if (world.checksLeft <= 0) world.exceeded = true
  else {
    world.checksLeft -= 1
    world.checks += 1
  }
  return world.exceeded ? 1 : 0
}

function trackRejection(engine: Engine, promise: number, reason: number, handled: boolean): void {
  const { exports, world } = engine
  const key = exports.qjs_get_value_ptr(promise)
  if (!handled) {
    world.rejections.set(key, { promise, reason })
    return
  }
  const known = world.rejections.get(key)
  world.rejections.delete(key)
  for (const value of [known?.promise, known?.reason, promise, reason]) {
    if (value !== undefined) exports.qjs_free_value(value)
  }
}

function loadSource(engine: Engine, name: number, lengthAt: number): number {
  const source = engine.world.sources.get(readCString(engine, name))
  if (source === undefined) return 0
  const { at, length } = writeText(engine, source)
  new DataView(engine.exports.memory.buffer).setUint32(lengthAt, length, true)
  return at
}

function drawBytes(engine: Engine, at: number, length: number): number {
  const { world } = engine
  const into = memoryBytes(engine).subarray(at, at + length)
  for (let i = 0; i < into.length; i++) into[i] = world.seed[world.drawn++ % 32] ?? 0
  return success
}

function writeLog(engine: Engine, file: number, list: number, count: number, at: number): number {
  if (file !== 1 && file !== 2) return badFile
  const view = new DataView(engine.exports.memory.buffer)
  let written = 0
  for (let i = 0; i < count; i++) {
    const start = view.getUint32(list + 8 * i, true)
    const length = view.getUint32(list + 8 * i + 4, true)
    engine.world.print?.(decodeText(memoryBytes(engine).subarray(start, start + length)))
    written += length
  }
  view.setUint32(at, written, true)
  return success
}

function readCString(engine: Engine, at: number): string {
  const memory = memoryBytes(engine)
  const end = memory.indexOf(0, at)
  return decodeText(memory.slice(at, end < 0 ? at : end))
}
