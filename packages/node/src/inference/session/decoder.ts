import { checkToken, tokenGas } from '@heddle/protocol/model'
import { contextExceeded, gasExhausted } from '../errors.ts'
import type { Kernels } from '../kernel/kernels.ts'
import type { MemoryPlan } from '../memory/plan.ts'

export type Decoder = {
  readonly position: number
  readonly gasUsed: number
  /**
   * Passes tokens through the model at the next positions. Checks all of them, their room and their
   * gas before the first is computed: `token-out-of-range`, `context-exceeded`, `gas-exhausted`.
   */
  feed(tokens: readonly number[]): void
  /** Logits after the last token fed; a view that the next `feed` of any session overwrites. */
  logits(): Float32Array
}

export type DecoderParts = {
  readonly plan: MemoryPlan
  readonly kernels: Kernels
  readonly memory: WebAssembly.Memory
}

/** One sequence over the cache at `cache`. The caller keeps two decoders off one cache. */
export function createDecoder(parts: DecoderParts, cache: number, gasLimit: number): Decoder {
  const { plan, kernels, memory } = parts
  const { shape, batch } = plan
  let position = 0
  let gasUsed = 0

  const gasOf = (count: number): number => {
    let gas = 0
    for (let i = 0; i < count; i++) gas += tokenGas(shape, position + i)
    return gas
  }

  const feed = (tokens: readonly number[]): void => {
    const wanted = position + tokens.length
    if (wanted > plan.context) throw contextExceeded(wanted, plan.context)
    for (const token of tokens) checkToken(token, shape.vocab)
    const gas = gasOf(tokens.length)
    if (gas > gasLimit - gasUsed) throw gasExhausted(gas, gasLimit - gasUsed)
    for (let start = 0; start < tokens.length; start += batch) {
      const part = tokens.slice(start, start + batch)
      new Int32Array(memory.buffer, plan.tokens, part.length).set(part)
      const isLast = start + part.length === tokens.length
      kernels.forward(plan.model, plan.tokens, part.length, position, cache, isLast)
      position += part.length
    }
    gasUsed += gas
  }

  return {
    get position() {
      return position
    },
    get gasUsed() {
      return gasUsed
    },
    feed,
    logits: () => new Float32Array(memory.buffer, plan.logits, shape.vocab),
  }
}
