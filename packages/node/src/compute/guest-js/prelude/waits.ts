import { compileMatcher, type Matched, type Matcher } from './match.ts'

type Wait = { readonly matches: (message: Matched) => boolean; readonly resolve: Resolve }
type Resolve = (message: Matched) => void

/** Waiting costs memory until the answer comes, which may be never. */
const maxWaits = 10_000

/** Waits for replies by the reference they carry, oldest first; and all others, oldest first. */
const replies = new Map<string, Wait[]>()
const others: Wait[] = []
let waitCount = 0

/** Resolves with the next message from `from` that answers `reference`. */
export function waitForReply(reference: string, from: string): Promise<Matched> {
  return wait(
    (message) => message.from === from,
    (entry) => {
      const list = replies.get(reference)
      if (list === undefined) replies.set(reference, [entry])
      else list.push(entry)
    },
  )
}

/** Resolves with the next message that matches and that no reply is waiting for. */
export function waitFor(matcher: Matcher): Promise<Matched> {
  return wait(compileMatcher(matcher), (entry) => others.push(entry))
}

function wait(matches: Wait['matches'], add: (entry: Wait) => void): Promise<Matched> {
  if (waitCount >= maxWaits) {
    throw new RangeError(`receive: ${maxWaits} answers are outstanding already`)
  }
  return new Promise((resolve) => {
    add({ matches, resolve })
    waitCount += 1
  })
}

/** Gives the message to who waits for it; tells whether there was one. */
export function deliverToWait(message: Matched): boolean {
  if (waitCount === 0) return false
  const reference = message.tags['X-Reference']
  const list = reference === undefined ? undefined : replies.get(reference)
  if (list !== undefined && reference !== undefined && takeFirst(list, message)) {
    if (list.length === 0) replies.delete(reference)
    return true
  }
  return takeFirst(others, message)
}

function takeFirst(list: Wait[], message: Matched): boolean {
  if (list.length === 0) return false
  const at = list.findIndex(({ matches }) => matches(message))
  const entry = list[at]
  if (entry === undefined) return false
  list.splice(at, 1)
  waitCount -= 1
  entry.resolve(message)
  return true
}
