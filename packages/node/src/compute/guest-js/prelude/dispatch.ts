import { processInfo } from './environment.ts'
import { type EvalScript, evaluateCommand, startActor } from './evaluate.ts'
import { takeHandler } from './handlers.ts'
import { keepInInbox } from './inbox.ts'
import { compileMatcher, type Matcher } from './match.ts'
import type { Message } from './message.ts'
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
  if (!isTrusted(message)) {
    print(`Message ${message.id} is not trusted: From ${message.from}, Owner ${message.owner}.`)
    return
  }
  if (message.target !== processInfo.id && !assignable.some((matches) => matches(message))) {
    print(`Assignment ${message.id} is not accepted: it was sent to ${message.target}.`)
    return
  }
  if (message.action === 'Eval' && message.from === processInfo.owner) {
    evaluateCommand(message, evalScript)
    started = true
    return
  }
  if (!started) throw new Error('this actor did not start: see the result of slot 0')
  if (deliverToWait(message)) return
  const handler = takeHandler(message)
  if (handler !== undefined) {
    watch(handler(message))
    return
  }
  keepInInbox(message)
  print(`New message from ${message.from}: Action = ${message.action ?? 'none'}`)
}

/** Anyone can claim `From-Process`: it counts only on the word of an authority of this process. */
function isTrusted({ from, owner }: { from: string; owner: string }): boolean {
  return from === owner || processInfo.authorities.includes(owner)
}

/** An asynchronous handler fails the message during which it fails. */
function watch(result: unknown): void {
  if (result instanceof Promise) result.then(undefined, fail)
}
