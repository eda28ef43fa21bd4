import {
  type ChatFormat,
  type ChatMessage,
  chatPrompt,
  checkSampling,
  greedy,
  type PromptPart,
} from '@heddle/protocol/model'
import { modelCalls } from '@heddle/protocol/params'
import type { AnswerRequest } from '../answer/answer.ts'
import { callRequestInvalid } from '../errors.ts'

type Fields = Readonly<Record<string, unknown>>

const known = new Set([
  ...['model', 'prompt', 'messages', 'tokens', 'seed', 'temperature', 'topP', 'stop'],
])

/**
 * Reads what an evaluation asks a model. `seed`: the one that counts where none is given. Throws
 * `model-call-invalid` or `sampling-invalid`; their texts are part of results.
 */
export function readCallRequest(fields: Fields, chat: ChatFormat, seed: number): AnswerRequest {
  const strange = Object.keys(fields).find((name) => !known.has(name))
  if (strange !== undefined) {
    throw callRequestInvalid(`it has a field ${strange.slice(0, 40)}, which means nothing`)
  }
  const { tokensDefault, tokensMax } = modelCalls
  const temperature = numberOf(fields, 'temperature') ?? 0
  const sampling = {
    temperature,
    topP: numberOf(fields, 'topP') ?? 1,
    seed: numberOf(fields, 'seed') ?? seed,
  }
  const tokens = numberOf(fields, 'tokens') ?? tokensDefault
  if (!(Number.isInteger(tokens) && tokens >= 1 && tokens <= tokensMax)) {
    throw callRequestInvalid(`tokens must be a whole number from 1 to ${tokensMax}`)
  }
  return {
    prompt: readPrompt(fields, chat),
    sampling: temperature === 0 ? greedy : checkSampling(sampling),
    stops: readStops(fields.stop),
    tokensMax: tokens,
  }
}

function numberOf(fields: Fields, name: string): number | undefined {
  const value = fields[name]
  if (value === undefined || typeof value === 'number') return value
  throw callRequestInvalid(`${name} must be a number`)
}

function readPrompt({ prompt, messages }: Fields, chat: ChatFormat): PromptPart[] {
  const { promptLength } = modelCalls
  if ((prompt === undefined) === (messages === undefined)) {
    throw callRequestInvalid('give either a prompt or messages')
  }
  const parts = prompt === undefined ? chatPrompt(chat, readMessages(messages)) : [prompt]
  const length = parts.reduce<number>((sum, part) => sum + textOf(part).length, 0)
  if (length <= promptLength) return parts as PromptPart[]
  throw callRequestInvalid(`the prompt has ${length} characters, at most ${promptLength}`)
}

function textOf(part: unknown): string {
  if (typeof part === 'string') return part
  if (typeof part === 'object' && part !== null) return ''
  throw callRequestInvalid('prompt must be a text')
}

function readMessages(messages: unknown): ChatMessage[] {
  const isMessage = (each: unknown) => {
    const { role, content } = (each ?? {}) as Partial<ChatMessage>
    return typeof role === 'string' && typeof content === 'string'
  }
  const list = Array.isArray(messages) ? messages : []
  if (list.length > 0 && list.every(isMessage)) return list
  throw callRequestInvalid('messages must be a list of { role, content }')
}

function readStops(stop: unknown): string[] {
  const list = stop === undefined ? [] : typeof stop === 'string' ? [stop] : stop
  if (Array.isArray(list) && list.every((each) => typeof each === 'string')) return list
  throw callRequestInvalid('stop must be a text or a list of them')
}
