import type { Tokenizer } from '@heddle/protocol/model'
import { sessionsExhausted } from '../errors.ts'
import { createDecoder, type DecoderParts } from './decoder.ts'
import { createSession, type Session, type SessionOptions, sessionOptions } from './session.ts'

type PoolParts = DecoderParts & {
  readonly tokenizer: Tokenizer
  readonly sha256: (bytes: Uint8Array) => Uint8Array
}

/**
 * Gives each session a cache of its own until all are taken. What a cache held before never shows.
 */
export function createSessionPool(
  parts: PoolParts,
  { sessionsMax }: { readonly sessionsMax: number },
): (given?: Partial<SessionOptions>) => Session {
  const { plan, tokenizer, sha256 } = parts
  const free = Array.from({ length: sessionsMax }, (_, i) => plan.caches + i * plan.cacheBytes)
  return (given = {}) => {
    const options = sessionOptions(given)
    const cache = free.shift()
    if (cache === undefined) throw sessionsExhausted(sessionsMax)
    const decoder = createDecoder(parts, cache, options.gasLimit)
    const release = () => void free.unshift(cache)
    return createSession({ decoder, tokenizer, context: plan.context, sha256, release }, options)
  }
}
