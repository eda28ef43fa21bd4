import {
  assert,
  concatBytes,
  decodeText,
  encodeBase64Url,
  isHeddleError,
} from '@heddle/protocol/base'
import { type Tag, tagValue } from '@heddle/protocol/item'
import { writeReceipt } from '@heddle/protocol/receipt'
import type { Answer, LoadedModel } from '../answer/answer.ts'
import { gasExhausted, inferMessageInvalid } from '../errors.ts'
import { type GivenMessage, inferLimits, readInferMessage } from './infer-message.ts'
import { wholeLetters } from './letters.ts'
import type { LiveAnswers } from './live-answers.ts'
import { captureMemory, type GuestImage, memoryOf } from './memory-image.ts'
import { type Response, replyMessage, responseJson } from './reply.ts'
import {
  type ModelState,
  type Paused,
  readState,
  stateBytes,
  withoutPaused,
  withPaused,
  writeState,
} from './state.ts'

/** A live process as compute's port has it (`compute/guest/ports.ts`). */
export type ModelGuest = {
  handle(message: string, environment: string, context: { readonly seed: Uint8Array }): string
  memory(): Uint8Array
  capture(): GuestImage
  close(): void
}

export type GuestParts = {
  readonly model: LoadedModel
  readonly chat: Parameters<typeof readInferMessage>[1]
  readonly name: string
  readonly live: LiveAnswers
  /** Tells this guest's answers from those of other processes of the model. */
  readonly key: string
  readonly sha256: (bytes: Uint8Array) => Uint8Array
}

type Environment = {
  readonly Process: { readonly Id: string; readonly Tags: readonly Tag[] }
  readonly Module: { readonly Tags: readonly Tag[] }
}

/**
 * A process whose code is a model. `Infer` asks, `Continue` goes on with an answer that was cut into several
 * messages, `Info` tells of the model; all else is taken and left unanswered.
 */
export function createModelGuest(parts: GuestParts, image: GuestImage | undefined): ModelGuest {
  const memory = memoryOf(stateBytes, image)
  let state = readState(memory)
  let isOpen = true
  return {
    handle: (messageJson, environmentJson, { seed }) => {
      assert(isOpen, 'a closed guest is not used again')
      const message = JSON.parse(messageJson) as GivenMessage
      const environment = JSON.parse(environmentJson) as Environment
      if (message.Id === environment.Process.Id) {
        return responseJson({ Output: { data: `model ${parts.name}` }, GasUsed: 0 })
      }
      try {
        const { next, response } = evaluate(parts, state, message, gasLimit(environment), seed)
        writeState(memory, next)
        state = next
        return responseJson(response)
      } catch (error) {
        if (!isHeddleError(error)) throw error
        const text = `${error.code}: ${error.message}`
        return responseJson({ Error: text, Output: { data: text }, GasUsed: 0 })
      }
    },
    memory: () => memory,
    capture: () => captureMemory(memory),
    close: () => {
      isOpen = false
      parts.live.drop(parts.key)
    },
  }
}

type Evaluated = { readonly next: ModelState; readonly response: Response }

function evaluate(
  parts: GuestParts,
  state: ModelState,
  message: GivenMessage,
  gasMax: number,
  seed: Uint8Array,
): Evaluated {
  switch (tagValue(message.Tags, 'Action')) {
    case 'Infer': {
      const { request, tokensPerMessage } = readInferMessage(message, parts.chat, seed)
      const { Id: session, From: from } = message
      const paused = { session, from, request, tokensPerMessage, tokens: 0, held: [] }
      return goOn(parts, state, message, paused, gasMax)
    }
    case 'Continue':
      return goOn(parts, state, message, findPaused(state, message), gasMax)
    case 'Info':
      return tellInfo(parts, state, message)
    default:
      return { next: state, response: { Output: { data: '' }, GasUsed: 0 } }
  }
}

/** Only who began an answer may go on with it. */
function findPaused(state: ModelState, { Tags, From }: GivenMessage): Paused {
  const named = tagValue(Tags, 'Session')
  const paused = state.paused.find(({ session, from }) => session === named && from === From)
  if (paused !== undefined) return paused
  throw inferMessageInvalid(`no answer ${String(named).slice(0, 43)} of ${From} waits to go on`)
}

function goOn(
  { live, key, sha256 }: GuestParts,
  state: ModelState,
  message: GivenMessage,
  paused: Paused,
  gasMax: number,
): Evaluated {
  const { session, request, tokens, tokensPerMessage } = paused
  const liveKey = `${key}/${session}`
  const answer = tokens === 0 ? live.begin(request) : live.resume(liveKey, request, tokens)
  const gasBefore = tokens === 0 ? 0 : answer.gasUsed
  let isHeld = false
  try {
    const made = advance(answer, tokens + tokensPerMessage, gasMax)
    const bytes = concatBytes([Uint8Array.from(paused.held), ...made])
    const end = answer.finish === undefined ? wholeLetters(bytes) : bytes.length
    const text = decodeText(bytes.subarray(0, end))
    const gasUsed = answer.gasUsed - gasBefore
    const sent = state.sent + 1
    if (answer.finish === undefined) {
      isHeld = true
      live.hold(liveKey, answer)
      const rest = { tokens: answer.tokens, held: [...bytes.subarray(end)] }
      const next = withPaused({ ...state, sent }, { ...paused, ...rest })
      const tags = { Action: 'Infer-Response', Session: session, Finish: 'more' }
      const reply = replyMessage(message, sent, tags, text)
      return { next, response: { Messages: [reply], Output: { data: text }, GasUsed: gasUsed } }
    }
    const receipt = writeReceipt(answer.receipt())
    const tags = {
      Action: 'Infer-Response',
      Session: session,
      Finish: answer.finish,
      Receipt: encodeBase64Url(sha256(receipt)),
      Tokens: String(answer.tokens),
    }
    const reply = replyMessage(message, sent, tags, text)
    const Output = { data: text, receipt: decodeText(receipt) }
    const next = withoutPaused({ ...state, sent }, session)
    return { next, response: { Messages: [reply], Output, GasUsed: gasUsed } }
  } finally {
    if (!isHeld) answer.end()
  }
}

/** Makes tokens up to a number of them. Throws `gas-exhausted` beyond the message's gas. */
function advance(answer: Answer, tokensMax: number, gasMax: number): Uint8Array[] {
  const gasBefore = answer.tokens === 0 ? 0 : answer.gasUsed
  const parts: Uint8Array[] = []
  while (answer.finish === undefined && answer.tokens < tokensMax) {
    parts.push(answer.advance())
    const gasUsed = answer.gasUsed - gasBefore
    if (gasUsed > gasMax) throw gasExhausted(gasUsed, gasMax)
  }
  return parts
}

function tellInfo(parts: GuestParts, state: ModelState, message: GivenMessage): Evaluated {
  const { model, name } = parts
  const { root, precision, tokenizerHash } = model.manifest
  const { context, shape } = model.engine
  const data = JSON.stringify({ name, root, precision, tokenizer: tokenizerHash, context, shape })
  const sent = state.sent + 1
  const reply = replyMessage(message, sent, { Action: 'Info-Response', Name: name }, data)
  return {
    next: { ...state, sent },
    response: { Messages: [reply], Output: { data }, GasUsed: 0 },
  }
}

/** Gas of a message: the process's `Compute-Limit`, else its module's. */
function gasLimit({ Process, Module }: Environment): number {
  const text = tagValue(Process.Tags, 'Compute-Limit') ?? tagValue(Module.Tags, 'Compute-Limit')
  const isNumber = text !== undefined && /^\d{1,15}$/.test(text)
  return isNumber ? Number(text) : inferLimits.gasDefault
}
