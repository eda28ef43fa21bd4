import { concatBytes, encodeBase64Url } from '@heddle/protocol/base'
import {
  type ModelManifest,
  type PromptPart,
  promptTokens,
  type Sampling,
} from '@heddle/protocol/model'
import { type Finish, promptDigest, type Receipt } from '@heddle/protocol/receipt'
import type { Engine } from '../engine.ts'
import { answerUnfinished, contextExceeded, promptMissing } from '../errors.ts'

/** One question to a model. */
export type AnswerRequest = {
  readonly prompt: readonly PromptPart[]
  readonly sampling: Sampling
  readonly stops: readonly string[]
  readonly tokensMax: number
  /** Gas of all tokens, those of the prompt too; no limit unless told. */
  readonly gasLimit?: number
}

/** A loaded model with what receipts call it. */
export type LoadedModel = {
  readonly engine: Engine
  readonly manifest: Pick<ModelManifest, 'root' | 'precision' | 'group' | 'tokenizerHash'>
}

/** An answer on its way, token by token: begin, feed, step, receipt. */
export type Answer = {
  readonly promptTokens: number
  readonly tokens: number
  readonly gasUsed: number
  readonly finish: Finish | undefined
  /**
   * Feeds the next part of the prompt or, after it, makes one token; returns the bytes of the answer that
   * became certain. Throws what the session throws; nothing follows then but `end`.
   */
  advance(): Uint8Array
  /** What replays this answer. Throws `answer-unfinished` before its end. */
  receipt(): Receipt
  /** Gives the session back. */
  end(): void
}

/** Tokens of a prompt fed in one call, so that a long prompt holds nobody up for long. */
const feedTokens = 64
const nothing = new Uint8Array(0)

/**
 * Takes a session for a question. Throws `prompt-missing`, `context-exceeded`, `prompt-invalid`,
 * `sessions-exhausted` and what is wrong with sampling or stops.
 */
export function beginAnswer(
  { engine, manifest }: LoadedModel,
  request: AnswerRequest,
  sha256: (bytes: Uint8Array) => Uint8Array,
): Answer {
  const prompt = promptTokens(engine.tokenizer, request.prompt)
  if (prompt.length === 0) throw promptMissing()
  if (prompt.length > engine.context) throw contextExceeded(prompt.length, engine.context)
  const { sampling, stops, tokensMax, gasLimit = Number.POSITIVE_INFINITY } = request
  const session = engine.begin({ sampling, stops, tokensMax, gasLimit })
  const links: Uint8Array[] = []
  let fed = 0
  let finish: Finish | undefined

  const advance = (): Uint8Array => {
    if (fed < prompt.length) {
      const part = prompt.slice(fed, fed + feedTokens)
      session.feed(part)
      fed += part.length
      return nothing
    }
    const step = session.step()
    links.push(session.logitsChain)
    finish = step.finish
    return step.bytes
  }

  const receipt = (): Receipt => {
    if (finish === undefined) throw answerUnfinished()
    return {
      version: 1,
      kernel: encodeBase64Url(engine.kernelHash),
      model: manifest.root,
      precision: manifest.precision,
      group: manifest.group,
      context: engine.context,
      tokenizer: manifest.tokenizerHash,
      promptHash: encodeBase64Url(promptDigest(prompt, sha256)),
      prompt,
      sampling,
      stops,
      tokensMax,
      tokens: session.tokens.slice(prompt.length),
      finish,
      gasUsed: session.gasUsed,
      links: concatBytes(links),
    }
  }

  return {
    promptTokens: prompt.length,
    get tokens() {
      return links.length
    },
    get gasUsed() {
      return session.gasUsed
    },
    get finish() {
      return finish
    },
    advance,
    receipt,
    end: () => session.end(),
  }
}

/** Answers a question to its end in one go. */
export function answerWhole(
  model: LoadedModel,
  request: AnswerRequest,
  sha256: (bytes: Uint8Array) => Uint8Array,
): { readonly bytes: Uint8Array; readonly receipt: Receipt } {
  const answer = beginAnswer(model, request, sha256)
  try {
    const parts: Uint8Array[] = []
    while (answer.finish === undefined) parts.push(answer.advance())
    return { bytes: concatBytes(parts), receipt: answer.receipt() }
  } finally {
    answer.end()
  }
}

/** The question that a receipt answers, so asked that it ends where the receipt's context did. */
export function replayRequest(receipt: Receipt): AnswerRequest {
  const room = Math.max(1, receipt.context - receipt.prompt.length)
  return {
    prompt: receipt.prompt,
    sampling: receipt.sampling,
    stops: receipt.stops,
    tokensMax: Math.max(1, Math.min(receipt.tokensMax, room)),
  }
}
