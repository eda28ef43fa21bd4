import { charsOf, type Message } from './message.ts'

/** What no handler took, oldest first; `inbox` of the actor. */
export const inbox: Message[] = []

const maxMessages = 1_000
/** Strangers fill the inbox, so it must not fill the memory. */
const maxChars = 1_000_000

let totalChars = 0
/** How many we left; another length means that the actor itself took some. */
let leftCount = 0

export function keepInInbox(message: Message): void {
  const size = charsOf(message)
  if (size > maxChars) return
  if (inbox.length !== leftCount) totalChars = inbox.reduce((sum, each) => sum + charsOf(each), 0)
  inbox.push(message)
  totalChars += size
  while (inbox.length > maxMessages || totalChars > maxChars) {
    const oldest = inbox.shift()
    if (oldest !== undefined) totalChars -= charsOf(oldest)
  }
  leftCount = inbox.length
}
