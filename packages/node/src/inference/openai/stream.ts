import { encodeText } from '@heddle/protocol/base'
import type { Answering } from '../service/service.ts'
import type { AnswerEnding } from '../worker/protocol.ts'
import { openAiError } from './errors.ts'
import { finishReason, type Heading, pieceReply, usageReply } from './reply.ts'
import { readToolCall, type ToolSet } from './tools.ts'

export type StreamInput = {
  readonly heading: Heading
  readonly answering: Answering
  readonly tools: ToolSet
  readonly wantsUsage: boolean
  /** Keeps the receipt; resolves with its id. */
  keep(ending: AnswerEnding): Promise<string>
}

function event(value: unknown): Uint8Array {
  return encodeText(`data: ${JSON.stringify(value)}\n\n`)
}

const end = encodeText('data: [DONE]\n\n')

/**
 * A completion as server-sent events. Text goes out token by token, but for callers with tools, who get the
 * answer whole: only at its end is it known to be a call. The last piece with a choice has the receipt's id.
 * `first` has been taken from the answer already, so that a refusal could be a plain reply.
 */
export async function* streamEvents(
  { heading, answering, tools, wantsUsage, keep }: StreamInput,
  first: IteratorResult<Uint8Array, AnswerEnding>,
): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder()
  const isHeld = tools.names.size > 0
  let held = ''
  try {
    yield event(pieceReply(heading, { delta: { role: 'assistant', content: '' }, text: '' }, null))
    let next = first
    for (; !next.done; next = await answering.next()) {
      const text = decoder.decode(next.value, { stream: true })
      if (isHeld) held += text
      else if (text !== '')
        yield event(pieceReply(heading, { delta: { content: text }, text }, null))
    }
    const rest = held + decoder.decode()
    const call = readToolCall(rest, tools, `call_${heading.id}`)
    if (call !== undefined) {
      const delta = { tool_calls: [{ index: 0, ...call }] }
      yield event(pieceReply(heading, { delta, text: '' }, null))
    } else if (rest !== '') {
      yield event(pieceReply(heading, { delta: { content: rest }, text: rest }, null))
    }
    const receipt = await keep(next.value)
    const last = pieceReply(heading, { delta: {}, text: '' }, finishReason(next.value.finish, call))
    yield event({ ...last, heddle_receipt: receipt })
    if (wantsUsage) yield event(usageReply(heading, next.value))
    yield end
  } catch (error) {
    // The status is long gone; clients read an event with `error`.
    yield event(openAiError(error).body)
  } finally {
    await answering.return(undefined as never)
  }
}
