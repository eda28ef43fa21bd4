import type { Finish } from '@heddle/protocol/receipt'
import type { AnswerEnding } from '../worker/protocol.ts'
import type { ToolCall } from './tools.ts'

export type Kind = 'chat' | 'text'

/** What all pieces of one completion have in common. */
export type Heading = {
  readonly kind: Kind
  readonly id: string
  readonly createdSeconds: number
  readonly model: string
  readonly kernel: string
}

export type FinishReason = 'stop' | 'length' | 'tool_calls'

export function finishReason(finish: Finish, call: ToolCall | undefined): FinishReason {
  if (call !== undefined) return 'tool_calls'
  return finish === 'length' ? 'length' : 'stop'
}

function usageOf({ promptTokens, tokens }: AnswerEnding) {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: tokens,
    total_tokens: promptTokens + tokens,
  }
}

function fieldsOf({ kind, id, createdSeconds, model, kernel }: Heading, isPiece: boolean) {
  const ending = isPiece && kind === 'chat' ? '.chunk' : ''
  return {
    id,
    object: kind === 'chat' ? `chat.completion${ending}` : 'text_completion',
    created: createdSeconds,
    model,
    // Equal fingerprints give equal answers to equal seeds.
    system_fingerprint: `heddle-${kernel.slice(0, 16)}`,
  }
}

/** A whole completion. */
export function wholeReply(
  heading: Heading,
  text: string,
  call: ToolCall | undefined,
  ending: AnswerEnding,
  receipt: string,
) {
  const finish_reason = finishReason(ending.finish, call)
  const message =
    call === undefined
      ? { role: 'assistant', content: text, refusal: null }
      : { role: 'assistant', content: null, refusal: null, tool_calls: [call] }
  const choice =
    heading.kind === 'chat'
      ? { index: 0, message, logprobs: null, finish_reason }
      : { index: 0, text, logprobs: null, finish_reason }
  return {
    ...fieldsOf(heading, false),
    choices: [choice],
    usage: usageOf(ending),
    heddle_receipt: receipt,
  }
}

/** A piece of a streamed completion; `delta` is what a chat adds, `text` what a completion does. */
export function pieceReply(
  heading: Heading,
  piece: { readonly delta: object; readonly text: string },
  reason: FinishReason | null,
) {
  const own = heading.kind === 'chat' ? { delta: piece.delta } : { text: piece.text }
  const choice = { index: 0, ...own, logprobs: null, finish_reason: reason }
  return { ...fieldsOf(heading, true), choices: [choice] }
}

/** The piece that tells what a stream took; it has no choice. */
export function usageReply(heading: Heading, ending: AnswerEnding) {
  return { ...fieldsOf(heading, true), choices: [], usage: usageOf(ending) }
}
