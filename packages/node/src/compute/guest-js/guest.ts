import { assert, errorMessage, isHeddleError } from '@heddle/protocol/base'
import { gasTable } from '@heddle/protocol/params'
import { guestFault } from '../guest/errors.ts'
import type { Guest, GuestContext, WrittenResult } from '../guest/ports.ts'
import { type Arrival, callBegin, readArrival } from './arrival.ts'
import { checkSteps, readEnvironments } from './budget.ts'
import { writeEmissions, writeFailure } from './emissions.ts'
import { type Engine, memoryBytes, takeException } from './engine.ts'
import { captureEngine, resetEngine } from './snapshot.ts'
import type { Layout } from './start.ts'
import { isException } from './values.ts'
import type { ValueAddress } from './world.ts'

/** Of `finish`: rejections, and the reason of the first. */
const argumentCount = 2

/**
 * A guest over an engine whose memory is already that of a started (or restored) actor. `retire` is given the
 * engine, at rest, when the guest is closed; never one whose evaluation did not return.
 */
export function createJsGuest(
  started: Engine,
  layout: Layout,
  retire: (engine: Engine) => void,
): Guest {
  const { world } = started
  world.scratchAt = layout.scratchAt
  const environment = readEnvironments()
  let open: Engine | undefined = started
  const live = () => {
    assert(open !== undefined, 'a closed or failed guest is not used again')
    return open
  }
  const write: NonNullable<Guest['write']> = (messageJson, environmentJson, context) => {
    const engine = live()
    const facts = environment(environmentJson)
    resetWorld(engine, context, facts.checks)
    engine.world.environment = environmentJson
    // Compute-Limit counts steps here; gas bounds what one step may take.
    engine.meter?.begin(gasTable.messageDefault)
    try {
      const result = evaluate(engine, layout, readArrival(messageJson, facts))
      const overdraft = engine.meter?.overdraft()
      if (overdraft !== undefined) throw overdraft
      return result
    } catch (error) {
      open = undefined
      if (engine.meter !== undefined) throw engine.meter.reasonOf(error)
      if (isHeddleError(error)) throw error
      throw guestFault(errorMessage(error), error)
    }
  }
  return {
    handle(messageJson, environmentJson, context) {
      const { json } = write(messageJson, environmentJson, context)
      return `{"ok":true,"response":${json}}`
    },
    write,
    gasUsed: () => started.meter?.gasUsed,
    receipts: () => world.calls.receipts,
    memory: () => memoryBytes(live()),
    capture: (worn) => captureEngine(live(), worn),
    reset: (image) => open !== undefined && resetEngine(open, image),
    close() {
      if (open !== undefined) retire(open)
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
 * One fixed sequence per message, whatever the host remembers: begin, and where it left jobs or rejections, drain
 * the job queue, finish. Only so does a restored instance allocate the very addresses the uninterrupted one does.
 */
function evaluate(engine: Engine, layout: Layout, arrival: Arrival): WrittenResult {
  const { exports, world } = engine
  const begun = callBegin(engine, layout.begin, layout.absent, arrival)
  if (begun === 0) throw guestFault('out of memory')
  if (isException(engine, begun)) return failed(engine)
  if (exports.qjs_is_job_pending() === 0 && world.rejections.size === 0 && !world.exceeded)
    return written(engine, begun)
  exports.qjs_free_value(begun)
  while (exports.qjs_is_job_pending() !== 0) {
    if (exports.qjs_execute_pending_job() < 0) return failed(engine)
  }
  if (world.exceeded) return failed(engine)
  return finish(engine, layout)
}

function finish(engine: Engine, layout: Layout): WrittenResult {
  const { exports, world } = engine
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
  if (isException(engine, answer)) return failed(engine)
  return written(engine, answer)
}

/** The result that an answer of the prelude is. */
function written(engine: Engine, answer: ValueAddress): WrittenResult {
  const { receipts } = engine.world.calls
  const result = writeEmissions(engine, answer, () => gasUsed(engine), receipts)
  engine.exports.qjs_free_value(answer)
  return result
}

/** Gas, or steps where gas is not counted. */
function gasUsed({ meter, world }: Engine): number {
  return meter?.gasUsed ?? world.checks * checkSteps
}

/**
 * The result of an evaluation that the prelude could not end itself: interrupted, or out of memory.
 * What it did so far must be rolled back, as after every `Error`.
 */
function failed(engine: Engine): WrittenResult {
  const thrown = takeException(engine)
  const { world } = engine
  const reason = world.exceeded
    ? `compute limit reached: the message took more than ${world.checks * checkSteps} steps. ` +
      'Do less per message, or spawn with a higher Compute-Limit.'
    : thrown
  return writeFailure(reason, gasUsed(engine))
}
