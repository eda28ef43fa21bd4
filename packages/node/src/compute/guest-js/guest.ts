import { assert, errorMessage, isHeddleError } from '@heddle/protocol/base'
import { gasTable } from '@heddle/protocol/params'
import { guestFault } from '../guest/errors.ts'
import type { Guest, GuestContext } from '../guest/ports.ts'
import { callBegin, readArrival } from './arrival.ts'
import { checkSteps, readEnvironments } from './budget.ts'
import { readEmissions } from './emissions.ts'
import { type Engine, memoryBytes, takeException } from './engine.ts'
import { captureEngine, resetEngine } from './snapshot.ts'
import type { Layout } from './start.ts'

/** Of `finish`: rejections, and the reason of the first. */
const argumentCount = 2

/** A guest over an engine whose memory is already that of a started (or restored) actor. */
export function createJsGuest(started: Engine, layout: Layout): Guest {
  started.world.scratchAt = layout.scratchAt
  const environment = readEnvironments()
  let open: Engine | undefined = started
  const live = () => {
    assert(open !== undefined, 'a closed or failed guest is not used again')
    return open
  }
  return {
    handle(messageJson, environmentJson, context) {
      const engine = live()
      const { checks, name } = environment(environmentJson)
      resetWorld(engine, context, checks)
      engine.world.environment = environmentJson
      // Compute-Limit counts steps here; gas bounds what one step may take.
      engine.meter?.begin(gasTable.messageDefault)
      try {
        const reply = evaluate(engine, layout, messageJson, name)
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
    capture: (worn) => captureEngine(live(), worn),
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
  environment: string,
): string {
  const { exports, world } = engine
  const arrival = readArrival(messageJson, environment, seedText(world.seed))
  const begun = callBegin(engine, layout.begin, layout.absent, arrival)
  if (begun === 0) throw guestFault('out of memory')
  if (exports.qjs_is_exception(begun) !== 0) return failed(engine)
  exports.qjs_free_value(begun)
  while (exports.qjs_is_job_pending() !== 0) {
    if (exports.qjs_execute_pending_job() < 0) return failed(engine)
  }
  if (world.exceeded) return failed(engine)
  return finish(engine, layout)
}

function finish(engine: Engine, layout: Layout): string {
  const { exports, world } = engine
  const gasUsed = world.checks * checkSteps
  const rejections = [...world.rejections.values()]
  const count = exports.qjs_new_number(rejections.length)
  const view = new DataView(exports.memory.buffer)
  view.setUint32(world.scratchAt, count, true)
  view.setUint32(world.scratchAt + 4, rejections[0]?.reason ?? layout.absent, true)
  const answer = exports.qjs_call(layout.finish, layout.absent, argumentCount, world.scratchAt)
  exports.qjs_free_value(count)
  for (const { promise, reason } of rejections) {
    exports.qjs_free_value(promise)
    exports.qjs_free_value(reason)
  }
  if (answer === 0) throw guestFault('out of memory')
  if (exports.qjs_is_exception(answer) !== 0) return failed(engine)
  const response = readEmissions(engine, answer, gasUsed)
  exports.qjs_free_value(answer)
  return JSON.stringify({ ok: true, response })
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
