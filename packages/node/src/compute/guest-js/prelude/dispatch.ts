import { processInfo } from './environment.ts'
import { type EvalScript, evaluateCommand, startActor } from './evaluate.ts'
import { takeHandler } from './handlers.ts'
import { keepInInbox } from './inbox.ts'
import { compileMatcher, type Matcher } from './match.ts'
import { given, type Message } from './message.ts'
import { fail, print } from './record.ts'
import { deliverToWait } from './waits.ts'

let started = false
const assignable: ((message: Message) => boolean)[] = []

/** Accepts items that were sent to someone else and assigned to this process, where they match. */
export function allowAssignment(matcher: Matcher): void {
  assignable.push(compileMatcher(matcher))
}

/** Finds who a message is for, in aos's order: the system, who waits for it, handlers, inbox. */
export function dispatch(message: Message, evalScript: EvalScript): void {
  if (!started && message.tags.Type === 'Process' && message.id === processInfo.id) {
    startActor(message, evalScript)
    started = true
    return
  }
  const parts = message[given]
  const { action } = parts[0]
  const from = parts[2]
  const owner = parts[3]
  const target = parts[4]
  // Anyone can claim `From-Process`: it counts only on the word of an authority of this process.
  if (owner !== undefined && !processInfo.authorities.includes(owner)) {
    print(`Message ${message.id} is not trusted: From ${from}, Owner ${owner}.`)
    return
  }
  if (target !== undefined && !assignable.some((matches) => matches(message))) {
    print(`Assignment ${message.id} is not accepted: it was sent to ${target}.`)
    return
  }
  if (action === 'Eval' && from === processInfo.owner) {
    evaluateCommand(message, evalScript)
    started = true
    return
  }
  if (!started) throw new Error('this actor did not start: see the result of slot 0')
  if (deliverToWait(message)) return
  const handler = takeHandler(message)
  if (handler !== undefined) {
    const result = handler(message)
    // An asynchronous handler fails the message during which it fails.
    if (result !== undefined && result instanceof Promise) result.then(undefined, fail)
    return
  }
  keepInInbox(message)
  print(`New message from ${from}: Action = ${action ?? 'none'}`)
}
