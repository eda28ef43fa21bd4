import type { ReadResult, SentMessage } from '../result.ts'

/** Tags every message has; they tell a person nothing. */
const plumbing = /^(Data-Protocol|Variant|Type|Reference|Ref_|X-Reference|X-Origin)$/
const lineLength = 200

/**
 * What a result says to a person. The data of a reply comes first and whole where it is all the process
 * sent and `reader` is who it is for; then what was printed, then other messages, a line each.
 */
export function describeResult(result: ReadResult, reader?: string): string {
  const { messages, output, spawns } = result
  const [only] = messages
  const isReply = messages.length === 1 && only !== undefined && only.target === (reader ?? '')
  const lines = isReply ? [describeReply(only)] : []
  if (output !== '') lines.push(output)
  if (!isReply) lines.push(...messages.map(describeMessage))
  if (spawns.length > 0) lines.push(`spawns ${spawns.length}`)
  return lines.length === 0 ? 'done' : lines.join('\n')
}

/** A reply's data, or its tags where it has no data. */
function describeReply(message: SentMessage): string {
  return message.data.trim() === '' ? describeTags(message) || 'an empty reply' : message.data
}

function describeMessage(message: SentMessage): string {
  const { target, action = '', data } = message
  const said = data.trim() === '' ? '' : oneLine(data)
  return `→ ${target} ${action}`.trimEnd() + (said === '' ? '' : ` ${said}`)
}

function describeTags({ tagList }: SentMessage): string {
  const telling = tagList.filter(({ name }) => !plumbing.test(name))
  return telling.map(({ name, value }) => `${name}=${oneLine(value)}`).join('  ')
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > lineLength ? `${line.slice(0, lineLength)}…` : line
}

/** The first line of what a result says, with its error where it has one. */
export function summarizeResult(result: ReadResult, reader?: string): string {
  return oneLine(
    result.error === undefined ? describeResult(result, reader) : namedError(result.error),
  )
}

/** Names the error as one, unless it does so itself. */
export function namedError(error: string): string {
  return /^\w*Error\b/.test(error) ? error : `Error: ${error}`
}
