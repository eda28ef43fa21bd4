import { decodeText } from '@heddle/protocol/base'
import type { Meter } from '../prepare/meter.ts'
import type { MemoryViews } from './memory-views.ts'
import type { ValueAddress, World } from './world.ts'

const encoder = new TextEncoder()

/** What this format calls in the engine, as quickjs-wasi 3.6 exports it. */
export type EngineExports = {
  readonly memory: WebAssembly.Memory
  _initialize(): void
  qjs_init2(intrinsics: number): number
  qjs_set_max_stack_size(bytes: number): void
  qjs_set_interrupt_handler(enabled: number): void
  qjs_set_promise_rejection_handler(enabled: number): void
  qjs_set_module_loader(enabled: number): void
  qjs_eval(source: number, length: number, fileName: number, flags: number): ValueAddress
  qjs_call(fn: ValueAddress, self: ValueAddress, count: number, list: number): ValueAddress
  qjs_new_string(text: number, length: number): ValueAddress
  qjs_new_number(value: number): ValueAddress
  qjs_new_host_function(name: number, length: number, flags: number): ValueAddress
  qjs_get_undefined(): ValueAddress
  qjs_get_global(): ValueAddress
  qjs_get_prop_string(object: ValueAddress, name: number): ValueAddress
  qjs_set_prop_string(object: ValueAddress, name: number, value: ValueAddress): void
  qjs_get_string_len(value: ValueAddress, lengthAt: number): number
  qjs_get_float64(value: ValueAddress): number
  qjs_get_value_ptr(value: ValueAddress): number
  qjs_free_cstring(text: number): void
  qjs_free_value(value: ValueAddress): void
  qjs_is_exception(value: ValueAddress): number
  qjs_get_exception(): ValueAddress
  qjs_is_job_pending(): number
  qjs_execute_pending_job(): number
  wasm_malloc(bytes: number): number
  wasm_free(address: number): void
}

/** One instance of the engine and the world its imports answer from. */
export type Engine = {
  readonly exports: EngineExports
  /** Another one once the instance serves another actor. */
  world: World
  readonly views: MemoryViews
  /** Counts gas where the engine was prepared. */
  readonly meter: Meter | undefined
}

/** Bytes of the engine's memory now; detached by the next call that makes it grow. */
export function memoryBytes(engine: Engine): Uint8Array {
  return new Uint8Array(engine.exports.memory.buffer)
}

/** Copies `text` in as NUL-terminated UTF-8; `at` is 0 where the memory limit is reached. */
export function writeText(engine: Engine, text: string): { at: number; length: number } {
  const length = Buffer.byteLength(text)
  const at = engine.exports.wasm_malloc(length + 1)
  if (at !== 0) {
    const into = new Uint8Array(engine.exports.memory.buffer, at, length + 1)
    encoder.encodeInto(text, into)
    into[length] = 0
  }
  return { at, length }
}

/**
 * Converts a value to text inside the engine and copies it out; undefined where that throws. `admit` is told
 * its bytes before they are copied, and throws where they are too many: the instance is lost then.
 */
export function readText(
  engine: Engine,
  value: ValueAddress,
  admit?: (bytes: number) => void,
): string | undefined {
  const { exports, world } = engine
  const at = exports.qjs_get_string_len(value, world.scratchAt)
  const length = new DataView(exports.memory.buffer).getUint32(world.scratchAt, true)
  if (at === 0) {
    exports.qjs_free_value(exports.qjs_get_exception())
    return undefined
  }
  admit?.(length)
  const text = decodeText(new Uint8Array(exports.memory.buffer, at, length))
  exports.qjs_free_cstring(at)
  return text
}

/** Takes the pending exception away and gives its text. */
export function takeException(engine: Engine): string {
  const exception = engine.exports.qjs_get_exception()
  const text = readText(engine, exception)
  engine.exports.qjs_free_value(exception)
  return text ?? 'an error that has no text'
}
