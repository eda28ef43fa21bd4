import type { Tag } from '@heddle/protocol/item'
import type { OutgoingMessage, Result } from '@heddle/protocol/message'

/** A message that came out of an evaluation, ready to read. */
export type SentMessage = {
  readonly target: string
  readonly action: string | undefined
  readonly data: string
  /** By name; the last of equal names. `tagList` has them all. */
  readonly tags: Readonly<Record<string, string>>
  readonly tagList: readonly Tag[]
}

/** What a slot gave. `raw` is the node's own shape. */
export type ReadResult = {
  readonly messages: readonly SentMessage[]
  readonly spawns: Result['Spawns']
  readonly output: string
  readonly error: string | undefined
  readonly gasUsed: number
  readonly raw: Result
}

function readMessage(message: OutgoingMessage): SentMessage {
  const tags = Object.fromEntries(message.Tags.map(({ name, value }) => [name, value]))
  const data = message.Data ?? ''
  return { target: message.Target, action: tags.Action, data, tags, tagList: message.Tags }
}

/** aos puts its text in `Output.data`, which may itself be an object with `output`. */
function outputText(output: unknown): string {
  if (typeof output === 'string') return output
  if (typeof output !== 'object' || output === null) return output === undefined ? '' : `${output}`
  if ('data' in output) return outputText(output.data)
  if ('output' in output) return outputText(output.output)
  return Object.keys(output).length === 0 ? '' : JSON.stringify(output)
}

export function readResult(raw: Result): ReadResult {
  return {
    messages: (raw.Messages ?? []).map(readMessage),
    spawns: raw.Spawns ?? [],
    output: outputText(raw.Output),
    error: raw.Error,
    gasUsed: raw.GasUsed ?? 0,
    raw,
  }
}
