import { moduleInvalid } from '../guest/errors.ts'
import { type Engine, readText, takeException, writeText } from './engine.ts'
import { callModelName, environmentName, evalScriptName, seedName } from './engine-imports.ts'
import type { PreludeFile } from './prelude-archive.ts'
import type { ValueAddress } from './world.ts'

/** Where the started prelude left what the host calls. A function of the module's bytes alone. */
export type Layout = {
  readonly begin: ValueAddress
  readonly finish: ValueAddress
  readonly absent: ValueAddress
  readonly scratchAt: number
}

/** Every intrinsic but WeakRef (bit 9: reveals the collector) and performance (bit 10: a clock). */
const intrinsics = 0xffffffff & ~(1 << 9) & ~(1 << 10)
/**
 * Guest recursion ends here, deterministically. What of the native stack this takes depends on V8's
 * tiers: less than 2 MB in the worst case found, and a worker thread has 4 (tested with 3). Part of
 * the format: another value would be other results.
 */
const guestStackBytes = 128 * 1024
/** A prelude that takes longer to start (some tenths of a second) is none. */
const startChecks = 1_000
const moduleScript = 1
const bridgeName = 'heddleBridge'
const callName = 'heddleCall'
const readName = 'heddleEnvironment'
const seedFunctionName = 'heddleSeed'
const bridgeCheck = `const { begin, finish } = globalThis.${bridgeName}
if (typeof begin !== 'function' || typeof finish !== 'function')
  throw new TypeError('it offers no begin and finish')`

/** Starts a new instance of the engine, and the prelude in it: the state every actor begins from. */
export function startEngine(engine: Engine, prelude: readonly PreludeFile[]): Layout {
  const { exports, world } = engine
  world.checksLeft = startChecks
  exports._initialize()
  if (exports.qjs_init2(intrinsics) !== 0) throw moduleInvalid('the engine does not start')
  exports.qjs_set_max_stack_size(guestStackBytes)
  exports.qjs_set_interrupt_handler(1)
  exports.qjs_set_promise_rejection_handler(1)
  world.scratchAt = exports.wasm_malloc(12)
  const global = exports.qjs_get_global()
  setProperty(engine, global, bridgeName, createHostFunction(engine, evalScriptName))
  setProperty(engine, global, callName, createHostFunction(engine, callModelName))
  setProperty(engine, global, readName, createHostFunction(engine, environmentName))
  setProperty(engine, global, seedFunctionName, createHostFunction(engine, seedName))
  world.sources = new Map(prelude.map((file) => [`./${file.name}`, file.source]))
  exports.qjs_set_module_loader(1)
  runModule(engine, `import './${prelude.at(-1)?.name ?? ''}'`)
  exports.qjs_set_module_loader(0)
  world.sources = new Map()
  runModule(engine, bridgeCheck)
  const bridge = getProperty(engine, global, bridgeName)
  const layout = {
    begin: getProperty(engine, bridge, 'begin'),
    finish: getProperty(engine, bridge, 'finish'),
    absent: exports.qjs_get_undefined(),
    scratchAt: world.scratchAt,
  }
  runModule(engine, `delete globalThis.${bridgeName}`)
  for (const name of [callName, readName, seedFunctionName])
    runModule(engine, `delete globalThis.${name}`)
  return layout
}

function runModule(engine: Engine, source: string): void {
  const { exports, world } = engine
  const text = writeText(engine, source)
  const name = writeText(engine, 'heddle:start')
  const result = exports.qjs_eval(text.at, text.length, name.at, moduleScript)
  if (exports.qjs_is_exception(result) !== 0) throw preludeFailed(takeException(engine))
  while (exports.qjs_is_job_pending() !== 0) {
    if (exports.qjs_execute_pending_job() < 0) throw preludeFailed(takeException(engine))
  }
  exports.qjs_free_value(result)
  exports.wasm_free(text.at)
  exports.wasm_free(name.at)
  const rejection = world.rejections.values().next().value
  if (rejection !== undefined) {
    throw preludeFailed(readText(engine, rejection.reason) ?? 'an error that has no text')
  }
}

function preludeFailed(reason: string): Error {
  return moduleInvalid(`its prelude does not start (${reason})`)
}

function createHostFunction(engine: Engine, name: string): ValueAddress {
  const { at, length } = writeText(engine, name)
  const value = engine.exports.qjs_new_host_function(at, length, 0)
  engine.exports.wasm_free(at)
  return value
}

function setProperty(engine: Engine, of: ValueAddress, name: string, value: ValueAddress): void {
  const { at } = writeText(engine, name)
  engine.exports.qjs_set_prop_string(of, at, value)
  engine.exports.wasm_free(at)
}

function getProperty(engine: Engine, of: ValueAddress, name: string): ValueAddress {
  const { at } = writeText(engine, name)
  const value = engine.exports.qjs_get_prop_string(of, at)
  engine.exports.wasm_free(at)
  return value
}
