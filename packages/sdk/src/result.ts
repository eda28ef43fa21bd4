import type { Tag } from '@heddle/protocol/item'
import type { Result } from '@heddle/protocol/message'
import { isObject } from './transport.ts'

/** A message that came out of an evaluation, ready to read. */
export type SentMessage = {
  /** Process or address it goes to. */
  readonly target: string
  readonly action: string | undefined
  readonly data: string
  /** By name; the last of equal names. `tagList` has them all. */
  readonly tags: Readonly<Record<string, string>>
  readonly tagList: readonly Tag[]
}

/** What a slot gave. */
export type ReadResult = {
  /** What the process sent. */
  readonly messages: readonly SentMessage[]
  /** What it spawned, as the node tells it. */
  readonly spawns: Result['Spawns']
  /** What a console shows: printed lines, the value of an Eval. */
  readonly output: string
  /** Why the message failed; it changed nothing then. */
  readonly error: string | undefined
  /** Gas that evaluating it cost; the same on every machine. */
  readonly gasUsed: number
  /** The node's own shape. */
  readonly raw: Result
}

/** Reads a result as any compute unit writes it: fields may be absent or of another type. */
export function readResult(raw: Record<string, unknown>): ReadResult {
  return {
    messages: list(raw.Messages).map(readMessage),
    spawns: list(raw.Spawns) as unknown as Result['Spawns'],
    output: outputText(raw.Output),
    error: errorText(raw.Error),
    gasUsed: typeof raw.GasUsed === 'number' ? raw.GasUsed : 0,
    raw: raw as Result,
  }
}

function readMessage(message: Record<string, unknown>): SentMessage {
  const tagList = list(message.Tags).map(({ name, value }) => ({
    name: text(name),
    value: text(value),
  }))
  const tags = Object.fromEntries(tagList.map(({ name, value }) => [name, value]))
  const { Target, Data } = message
  return { target: text(Target), action: tags.Action, data: text(Data), tags, tagList }
}

/**
 * `js` actors and aos put their text in `Output.data`; in older aos that is itself an object with
 * `output`, and other modules put a text, a number or an object of their own.
 */
function outputText(output: unknown): string {
  if (!isObject(output)) return text(output)
  if ('data' in output) return outputText(output.data)
  if ('output' in output) return outputText(output.output)
  return Object.keys(output).length === 0 ? '' : JSON.stringify(output)
}

function errorText(error: unknown): string | undefined {
  if (error === undefined || error === null || error === '' || error === false) return undefined
  return text(error)
}

function list(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

function text(value: unknown): string {
  if (typeof value === 'string') return value
  return value === undefined || value === null ? '' : JSON.stringify(value)
}
