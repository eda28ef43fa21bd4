import { assert, errorMessage, isHeddleError } from '@heddle/protocol/base'
import { gasTable } from '@heddle/protocol/params'
import { guestFault } from '../guest/errors.ts'
import type { Guest, GuestContext } from '../guest/ports.ts'
import { checkSteps, createBudget } from './budget.ts'
import { type Engine, memoryBytes, readText, takeException, writeText } from './engine.ts'
import { captureEngine, resetEngine } from './snapshot.ts'
import type { Layout } from './start.ts'
import type { ValueAddress } from './world.ts'

const argumentCount = 3

/** A guest over an engine whose memory is already that of a started (or restored) actor. */
export function createJsGuest(started: Engine, layout: Layout): Guest {
  started.world.scratchAt = layout.scratchAt
  const budget = createBudget()
  let open: Engine | undefined = started
  const live = () => {
    assert(open !== undefined, 'a closed or failed guest is not used again')
    return open
  }
  return {
    handle(messageJson, environmentJson, context) {
      const engine = live()
      resetWorld(engine, context, budget(environmentJson))
      // Compute-Limit counts steps here; gas bounds what one step may take.
      engine.meter?.begin(gasTable.messageDefault)
      try {
        const reply = evaluate(engine, layout, messageJson, environmentJson)
        const overdraft = engine.meter?.overdraft()
        if (overdraft !== undefined) throw overdraft
        return reply
      } catch (error) {
        open = undefined
        if (engine.meter !== undefined) throw engine.meter.reasonOf(error)
        if (isHeddleError(error)) throw error
        throw guestFault(errorMessage(error), error)
      }
    },
    gasUsed: () => started.meter?.gasUsed,
    receipts: () => started.world.calls.receipts,
    memory: () => memoryBytes(live()),
    capture: () => captureEngine(live()),
    reset: (image) => open !== undefined && resetEngine(open, image),
    close() {
      open = undefined
    },
  }
}

function resetWorld(engine: Engine, context: GuestContext, checks: number): void {
  const { world } = engine
  world.timestampMs = context.timestampMs
  world.seed = context.seed
  world.drawn = 0
  world.checksLeft = checks
  world.checks = 0
  world.stepsOwed = 0
  world.calls.begin(context.seed)
  world.exceeded = false
  world.rejections.clear()
}

/**
 * One fixed sequence per message, whatever the host remembers: begin, drain the job queue, finish.
 * Only so does a restored instance allocate the very addresses the uninterrupted one does.
 */
function evaluate(
  engine: Engine,
  layout: Layout,
  messageJson: string,
  environmentJson: string,
): string {
  const { exports, world } = engine
  const given = [
    createString(engine, messageJson),
    createString(engine, environmentJson),
    createString(engine, seedText(world.seed)),
  ]
  const begun = call(engine, layout, layout.begin, given)
  for (const value of given) exports.qjs_free_value(value)
  if (begun !== undefined) return begun
  while (exports.qjs_is_job_pending() !== 0) {
    if (exports.qjs_execute_pending_job() < 0) return failed(engine)
  }
  if (world.exceeded) return failed(engine)
  return finish(engine, layout)
}

function finish(engine: Engine, layout: Layout): string {
  const { exports, world } = engine
  const rejections = [...world.rejections.values()]
  const gas = exports.qjs_new_number(world.checks * checkSteps)
  const count = exports.qjs_new_number(rejections.length)
  const list = [gas, count, rejections[0]?.reason ?? layout.absent]
  writeList(engine, list)
  const answer = exports.qjs_call(layout.finish, layout.absent, argumentCount, world.scratchAt)
  exports.qjs_free_value(gas)
  exports.qjs_free_value(count)
  for (const { promise, reason } of rejections) {
    exports.qjs_free_value(promise)
    exports.qjs_free_value(reason)
  }
  if (answer === 0) throw guestFault('out of memory')
  if (exports.qjs_is_exception(answer) !== 0) return failed(engine)
  const text = readText(engine, answer)
  exports.qjs_free_value(answer)
  if (text === undefined) throw guestFault('its result has no text')
  return text
}

/** Calls a prelude function that gives nothing back; the failure's result where it threw. */
function call(
  engine: Engine,
  layout: Layout,
  fn: ValueAddress,
  list: readonly ValueAddress[],
): string | undefined {
  const { exports, world } = engine
  writeList(engine, list)
  const result = exports.qjs_call(fn, layout.absent, list.length, world.scratchAt)
  if (result === 0) throw guestFault('out of memory')
  if (exports.qjs_is_exception(result) !== 0) return failed(engine)
  exports.qjs_free_value(result)
  return undefined
}

function writeList(engine: Engine, list: readonly ValueAddress[]): void {
  const view = new DataView(engine.exports.memory.buffer)
  list.forEach((value, i) => {
    view.setUint32(engine.world.scratchAt + 4 * i, value, true)
  })
}

function createString(engine: Engine, text: string): ValueAddress {
  const { exports } = engine
  const { at, length } = writeText(engine, text)
  if (at === 0) throw guestFault('out of memory: the message does not fit the Memory-Limit')
  const value = exports.qjs_new_string(at, length)
  exports.wasm_free(at)
  if (value === 0 || exports.qjs_is_exception(value) !== 0) {
    throw guestFault('out of memory: the message does not fit the Memory-Limit')
  }
  return value
}

function seedText(seed: Uint8Array): string {
  let text = ''
  for (const byte of seed) text += String.fromCharCode(byte)
  return text
}

/**
 * The result of an evaluation that the prelude could not end itself: interrupted, or out of memory.
 * What it did so far must be rolled back, as after every `Error`.
 */
function failed(engine: Engine): string {
  const thrown = takeException(engine)
  const { world } = engine
  const gas = world.checks * checkSteps
  const reason = world.exceeded
    ? `compute limit reached: the message took more than ${gas} steps. ` +
      'Do less per message, or spawn with a higher Compute-Limit.'
    : thrown
  return JSON.stringify({
    ok: true,
    response: {
      Error: reason,
      Messages: [],
      Spawns: [],
      Assignments: [],
      Output: { data: reason },
      GasUsed: gas,
    },
  })
}
