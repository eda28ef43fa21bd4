import { compileMatcher, type Matcher } from './match.ts'
import type { Message } from './message.ts'

type Handler = (message: Message) => unknown

type Entry = {
  readonly matcher: Matcher
  /** The Action it wants, where that is all it wants. */
  readonly action: string | undefined
  readonly matches: (message: Message) => boolean
  readonly handler: Handler
  readonly once: boolean
}

const entries: Entry[] = []

/**
 * Handles messages that match; of several handlers the one added first gets the message. Adding for
 * the same Action (or the same function or object) again replaces the handler in its place.
 */
export function on(matcher: Matcher, handler: Handler): () => void {
  return add('on', matcher, handler, false)
}

/** As `on`, for one message. */
export function once(matcher: Matcher, handler: Handler): () => void {
  return add('once', matcher, handler, true)
}

function add(verb: string, matcher: Matcher, handler: Handler, isOnce: boolean): () => void {
  if (typeof handler !== 'function') {
    throw new TypeError(`${verb}: the second argument must be the handler, a function`)
  }
  const action = typeof matcher === 'string' ? matcher : undefined
  const entry = { matcher, action, matches: compileMatcher(matcher), handler, once: isOnce }
  const at = entries.findIndex((each) => each.matcher === matcher && each.once === isOnce)
  if (at < 0) entries.push(entry)
  else entries[at] = entry
  return () => remove(entry)
}

function remove(entry: Entry): void {
  const at = entries.indexOf(entry)
  if (at >= 0) entries.splice(at, 1)
}

/** The handler for a message; one that was added by `once` is gone afterwards. */
export function takeHandler(message: Message): Handler | undefined {
  const { action } = message
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i] as Entry
    const matches = entry.action === undefined ? entry.matches(message) : entry.action === action
    if (!matches) continue
    if (entry.once) remove(entry)
    return entry.handler
  }
  return undefined
}
