import { concatBytes } from '@heddle/protocol/base'
import {
  checkSampling,
  createStopMatcher,
  greedy,
  type Sampling,
  sampleToken,
  type Tokenizer,
} from '@heddle/protocol/model'
import { inferenceOptionInvalid, promptMissing, sessionEnded } from '../errors.ts'
import type { Decoder } from './decoder.ts'

export type SessionOptions = {
  readonly sampling: Sampling
  /** Gas of all tokens, fed and made (`tokenGas`). */
  readonly gasLimit: number
  /** Tokens of one answer at most; the next turn has as many again. */
  readonly tokensMax: number
  /** Texts that end the answer and are not part of it. */
  readonly stops: readonly string[]
}

export type Step = {
  readonly token: number
  /** Bytes of the answer that are certain now; text is UTF-8 once all of them are together. */
  readonly bytes: Uint8Array
  /**
   * `end`: the model ended; `stop`: a stop text came; `length`: tokensMax or the context is used
   * up.
   */
  readonly finish?: 'end' | 'stop' | 'length'
}

/** One answer, token by token, so that no message has to finish it. */
export type Session = {
  readonly position: number
  readonly gasUsed: number
  /** All tokens so far, fed and made. */
  readonly tokens: readonly number[]
  /**
   * H(H(...32 zero bytes | logits of step 0) | logits of step 1)..., SHA-256 over f32 little-
   * endian.
   */
  readonly logitsChain: Uint8Array
  readonly isFinished: boolean
  /** Takes tokens of a prompt, or of the next turn. A refused call changes nothing. */
  feed(tokens: readonly number[]): void
  /** Chooses the next token. A refused call changes nothing. */
  step(): Step
  /** Logits after the last token that was computed; a copy. */
  logits(): Float32Array
  /** Gives the cache back. */
  end(): void
}

const chainBytes = 32
const stopsMax = 16
const stopLengthMax = 1024

/** Joins given options with the defaults (greedy, no limits but the context) and checks them. */
export function sessionOptions(given: Partial<SessionOptions>): SessionOptions {
  const none = { sampling: greedy, gasLimit: Infinity, tokensMax: Infinity, stops: [] }
  const options = { ...none, ...given }
  checkSampling(options.sampling)
  if (!(options.gasLimit >= 0)) throw inferenceOptionInvalid(`gasLimit is ${options.gasLimit}`)
  if (!(options.tokensMax >= 1)) throw inferenceOptionInvalid(`tokensMax is ${options.tokensMax}`)
  if (options.stops.length > stopsMax) {
    throw inferenceOptionInvalid(`${options.stops.length} stop texts, ${stopsMax} at most`)
  }
  if (options.stops.some((stop) => stop === '' || stop.length > stopLengthMax)) {
    throw inferenceOptionInvalid(`a stop text must have 1 to ${stopLengthMax} characters`)
  }
  return options
}

export type SessionParts = {
  readonly decoder: Decoder
  readonly tokenizer: Tokenizer
  readonly context: number
  readonly sha256: (bytes: Uint8Array) => Uint8Array
  readonly release: () => void
}

/** Chooses tokens from the logits of `decoder`, one step a call. */
export function createSession(parts: SessionParts, options: SessionOptions): Session {
  const { decoder, tokenizer, context, sha256 } = parts
  const tokens: number[] = []
  const stops = createStopMatcher(options.stops)
  /**
   * The chain so far and, behind it, the logits of the last token computed: what is hashed next.
   */
  const link = new Uint8Array(chainBytes + 4 * tokenizer.vocab)
  const logits = new Float32Array(link.buffer, chainBytes)
  /** Tokens made in all: the counter of chance, which never goes back. */
  let made = 0
  let answerStart = 0
  let isFinished = false
  let isEnded = false

  const compute = (more: readonly number[]): void => {
    if (isEnded) throw sessionEnded('was ended')
    // A token that was made is computed only when something follows it.
    const pending = tokens.slice(decoder.position)
    decoder.feed([...pending, ...more])
    // Those in the engine's memory belong to whichever session computed last.
    logits.set(decoder.logits())
  }

  const finishOf = (token: number, stopped: boolean): Step['finish'] => {
    if (tokenizer.ends.has(token)) return 'end'
    if (stopped) return 'stop'
    const isFull = tokens.length >= context
    return isFull || made - answerStart >= options.tokensMax ? 'length' : undefined
  }

  const step = (): Step => {
    if (isFinished) throw sessionEnded('has finished its answer')
    if (isEnded) throw sessionEnded('was ended')
    if (tokens.length === 0) throw promptMissing()
    if (tokens.length > decoder.position) compute([])
    const token = sampleToken(logits, options.sampling, made)
    link.set(sha256(link))
    const previous = tokens.at(-1)
    tokens.push(token)
    made += 1
    const piece = tokenizer.ends.has(token) ? new Uint8Array(0) : tokenizer.bytesOf(token, previous)
    const { shown, stopped } = stops.push(piece)
    const finish = finishOf(token, stopped)
    if (finish === undefined) return { token, bytes: shown }
    isFinished = true
    return { token, bytes: stopped ? shown : concatBytes([shown, stops.rest()]), finish }
  }

  return {
    get position() {
      return decoder.position
    },
    get gasUsed() {
      return decoder.gasUsed
    },
    get tokens() {
      return tokens
    },
    get logitsChain() {
      return link.slice(0, chainBytes)
    },
    get isFinished() {
      return isFinished
    },
    feed: (more) => {
      if (more.length === 0) return
      compute(more)
      for (const token of more) tokens.push(token)
      isFinished = false
      answerStart = made
    },
    step,
    logits: () => logits.slice(),
    end: () => {
      if (isEnded) return
      isEnded = true
      parts.release()
    },
  }
}
