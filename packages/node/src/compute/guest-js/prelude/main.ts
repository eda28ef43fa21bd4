import { allowAssignment, dispatch } from './dispatch.ts'
import { finishEmissions } from './emissions.ts'
import { adoptEnvironment, processInfo } from './environment.ts'
import type { EvalScript } from './evaluate.ts'
import { on, once } from './handlers.ts'
import { inbox } from './inbox.ts'
import { inspect } from './inspect.ts'
import type { Matcher } from './match.ts'
import { Message } from './message.ts'
import { type CallModel, createModel } from './model.ts'
import { type GivenAssignment, type GivenMessage, postAssignment } from './outgoing.ts'
import { random, seedRandom } from './random.ts'
import { fail, print, record, startRecord } from './record.ts'
import { send, spawn } from './send.ts'
import { waitFor } from './waits.ts'

/** Left by the host before this module runs; replaced by what the host calls from then on. */
type Bridge = { heddleBridge: unknown; heddleCall: unknown; heddleEnvironment: unknown }

const globals = globalThis as unknown as Bridge & Record<string, unknown>
const evalScript = globals.heddleBridge as EvalScript
const readEnvironment = globals.heddleEnvironment as () => string
const model = createModel(globals.heddleCall as CallModel)

const sendMessage = (message: GivenMessage) => send(message)
const receive = (matcher: Matcher) => waitFor(matcher)
const assign = (assignment: GivenAssignment) => postAssignment(assignment)

/**
 * Evaluates one message up to the point where only queued jobs are left. The engine takes a list of texts
 * far faster than it reads JSON.
 */
function begin(
  environment: string,
  seed: string,
  id: string,
  from: string,
  owner: string,
  target: string,
  data: string,
  timestamp: number,
  blockHeight: number,
  slot: number,
  flags: number,
  ...tags: readonly string[]
): void {
  startRecord()
  seedRandom(seed)
  try {
    adoptEnvironment(environment, readEnvironment)
    const stated = new Message(
      id,
      from,
      owner,
      target,
      data,
      timestamp,
      blockHeight,
      slot,
      flags,
      tags,
    )
    dispatch(stated, evalScript)
  } catch (error) {
    fail(error)
  }
}

/** Gives the result; `rejections` promises failed with nobody to handle it, first for `reason`. */
function finish(rejections: number, reason: unknown): string[] {
  if (rejections > 0) fail(reason)
  const { error, evaluated, lines } = record
  let data = lines.length === 0 ? '' : lines.join('\n')
  if (error !== undefined) data = joinLines(data, error)
  else if (evaluated !== undefined) data = joinLines(data, showValue(evaluated.value))
  const prompt = `${processInfo.name}@heddle[Inbox:${inbox.length}]> `
  // Consoles that follow a process show what is marked so; an Eval shows its own answer.
  return finishEmissions(data, prompt, evaluated === undefined && lines.length > 0)
}

function joinLines(above: string, below: string): string {
  return above === '' ? below : `${above}\n${below}`
}

function showValue(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value)
}

const log = (...values: unknown[]) => print(...values)
const ao = {
  send: sendMessage,
  spawn,
  assign,
  allowAssignment,
  get id() {
    return processInfo.id
  },
  get owner() {
    return processInfo.owner
  },
  get authorities() {
    return processInfo.authorities
  },
}

for (const [name, value] of Object.entries({
  on,
  once,
  send: sendMessage,
  receive,
  spawn,
  assign,
  allowAssignment,
  print,
  inspect,
  inbox,
  model,
  ao,
  process: processInfo,
  console: { log, info: log, debug: log, warn: log, error: log },
})) {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true })
}

Object.defineProperty(Math, 'random', { value: random, writable: true, configurable: true })
// Threads have no place in an actor.
for (const name of ['SharedArrayBuffer', 'Atomics']) Reflect.deleteProperty(globalThis, name)

globals.heddleBridge = { begin, finish }
