import { type Tag, tagValue, tagValues } from '@heddle/protocol/item'
import {
  type ChatFormat,
  type ChatMessage,
  chatPrompt,
  checkSampling,
  greedy,
  type PromptPart,
} from '@heddle/protocol/model'
import type { AnswerRequest } from '../answer/answer.ts'
import { inferMessageInvalid } from '../errors.ts'

/** A message as a module gets it, as far as a model looks. */
export type GivenMessage = {
  readonly Id: string
  readonly From: string
  readonly Tags: readonly Tag[]
  readonly Data: string
}

/** Network rules: the same on every node. */
export const inferLimits = {
  tokensDefault: 128,
  tokensMax: 1024,
  promptLength: 65_536,
  /** Gas of one message where neither process nor module states a `Compute-Limit`. */
  gasDefault: 100_000_000,
} as const

export type InferMessage = {
  readonly request: AnswerRequest
  /** Tokens made before the process answers that it can go on. */
  readonly tokensPerMessage: number
}

/**
 * Reads a message with `Action: Infer`. Data is the prompt; with `Format: chat` a JSON list of `{role,
 * content}`. `seed`: the bytes of the message's id, from which a seed is taken where none is given.
 * Throws `infer-message-invalid` or `sampling-invalid`.
 */
export function readInferMessage(
  { Tags, Data }: GivenMessage,
  chat: ChatFormat,
  seed: Uint8Array,
): InferMessage {
  const { tokensDefault, tokensMax } = inferLimits
  const most = wholeTag(Tags, 'Tokens-Max', tokensMax) ?? tokensDefault
  const tokensPerMessage = wholeTag(Tags, 'Tokens-Per-Message', tokensMax) ?? most
  const temperature = numberTag(Tags, 'Temperature') ?? 0
  const sampling = {
    temperature,
    topP: numberTag(Tags, 'Top-P') ?? 1,
    seed: numberTag(Tags, 'Seed') ?? seedOf(seed),
  }
  const request = {
    prompt: readPrompt(Data, tagValue(Tags, 'Format') ?? 'text', chat),
    sampling: temperature === 0 ? greedy : checkSampling(sampling),
    stops: tagValues(Tags, 'Stop'),
    tokensMax: most,
  }
  return { request, tokensPerMessage }
}

function readPrompt(data: string, format: string, chat: ChatFormat): PromptPart[] {
  const { promptLength } = inferLimits
  if (data.length > promptLength) {
    throw inferMessageInvalid(`${data.length} characters of data, at most ${promptLength} are read`)
  }
  // One space stands for no data.
  if (format === 'text') return [data === ' ' ? '' : data]
  if (format === 'chat') return chatPrompt(chat, readChat(data))
  throw inferMessageInvalid(`Format is ${format}, must be text or chat`)
}

function readChat(data: string): ChatMessage[] {
  const list = parse(data)
  const isMessage = (each: unknown) => {
    const { role, content } = (each ?? {}) as Partial<ChatMessage>
    return typeof role === 'string' && typeof content === 'string'
  }
  if (Array.isArray(list) && list.length > 0 && list.every(isMessage)) return list as ChatMessage[]
  throw inferMessageInvalid('with Format: chat, data must be a JSON list of {role, content}')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function numberTag(tags: readonly Tag[], name: string): number | undefined {
  const text = tagValue(tags, name)
  if (text === undefined) return undefined
  if (/^\d{1,16}(\.\d{1,16})?$/.test(text)) return Number(text)
  throw inferMessageInvalid(`${name} is ${text.slice(0, 40)}, must be a number`)
}

function wholeTag(tags: readonly Tag[], name: string, most: number): number | undefined {
  const value = numberTag(tags, name)
  if (value === undefined) return undefined
  if (Number.isInteger(value) && value >= 1 && value <= most) return value
  throw inferMessageInvalid(`${name} must be a whole number from 1 to ${most}`)
}

function seedOf(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8)
  return Number(view.getBigUint64(0) >> 11n)
}
