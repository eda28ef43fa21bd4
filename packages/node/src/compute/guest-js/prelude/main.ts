import { allowAssignment, dispatch } from './dispatch.ts'
import { adoptEnvironment, processInfo } from './environment.ts'
import type { EvalScript } from './evaluate.ts'
import { on, once } from './handlers.ts'
import { inbox } from './inbox.ts'
import { inspect } from './inspect.ts'
import { type Given, kindOf } from './kind.ts'
import type { Matcher } from './match.ts'
import { Message } from './message.ts'
import { type CallModel, createModel } from './model.ts'
import { type GivenAssignment, type GivenMessage, postAssignment } from './outgoing.ts'
import { drawSeedsFrom, random, startRandom } from './random.ts'
import { fail, type GivenResult, print, record, startRecord } from './record.ts'
import { send, spawn } from './send.ts'
import { waitFor } from './waits.ts'

/** Left by the host before this module runs; replaced by what the host calls from then on. */
type Bridge = {
  heddleBridge: unknown
  heddleCall: unknown
  heddleEnvironment: unknown
  heddleSeed: unknown
}

const globals = globalThis as unknown as Bridge & Record<string, unknown>
const evalScript = globals.heddleBridge as EvalScript
const readEnvironment = globals.heddleEnvironment as () => string
drawSeedsFrom(globals.heddleSeed as () => string)
const model = createModel(globals.heddleCall as CallModel)

const sendMessage = (message: GivenMessage) => send(message)
const receive = (matcher: Matcher) => waitFor(matcher)
const assign = (assignment: GivenAssignment) => postAssignment(assignment)

/** As the host states a message: its kind is a text yet. */
type Stated = [kind: string, ...rest: unknown[]]

/**
 * Evaluates one message up to the point where only queued jobs are left, and gives the result should there be
 * none. The engine takes a list of texts far faster than it reads JSON.
 */
function begin(environment: number, ...stated: Stated): GivenResult {
  startRecord()
  startRandom()
  try {
    adoptEnvironment(environment, readEnvironment)
    const parts = stated as unknown as Given
    parts[0] = kindOf(stated[0])
    dispatch(new Message(parts), evalScript)
  } catch (error) {
    fail(error)
  }
  return finish(0, undefined)
}

/** Gives the result; `rejections` promises failed with nobody to handle it, first for `reason`. */
function finish(rejections: number, reason: unknown): GivenResult {
  if (rejections > 0) fail(reason)
  const { result, error, evaluated, lines } = record
  if (error !== undefined) {
    result[0] = error
    result[1] = joinLines(lines.join('\n'), error)
  } else if (evaluated !== undefined) {
    result[1] = joinLines(lines.join('\n'), showValue(evaluated.value))
  } else if (lines.length > 0) {
    result[1] = lines.join('\n')
  }
  result[2] = prompt()
  // Consoles that follow a process show what is marked so; an Eval shows its own answer.
  result[3] = evaluated === undefined && lines.length > 0
  return result
}

let promptText = ''
let promptName = ''
let promptCount = -1

/** Made anew where what it says has changed. */
function prompt(): string {
  const { name } = processInfo
  if (inbox.length !== promptCount || name !== promptName) {
    promptCount = inbox.length
    promptName = name
    promptText = `${name}@heddle[Inbox:${promptCount}]> `
  }
  return promptText
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
