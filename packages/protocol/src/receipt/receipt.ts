import type { Sampling } from '../model/index.ts'

/** Why an answer ended: the model ended it, a stop text came, tokensMax or the context was used up. */
export type Finish = 'end' | 'stop' | 'length'

/** All that decided an answer, and the answer. Digests are base64url of 32 bytes. */
export type Receipt = {
  readonly version: 1
  /** SHA-256 of the kernels' WebAssembly. */
  readonly kernel: string
  /** Root of the weights (`chunkRoot`). */
  readonly model: string
  readonly precision: 'f32' | 'int8'
  /** Columns that share a scale in int8. */
  readonly group: number
  /** Positions the session had. */
  readonly context: number
  readonly tokenizer: string
  /** `promptDigest` of `prompt`. */
  readonly promptHash: string
  readonly prompt: readonly number[]
  readonly sampling: Sampling
  readonly stops: readonly string[]
  readonly tokensMax: number
  readonly tokens: readonly number[]
  readonly finish: Finish
  readonly gasUsed: number
  /** The rolling hash after each step: link n = H(link n-1 ‖ logits of step n), 32 bytes each. */
  readonly links: Uint8Array
}

export type Sha256 = (bytes: Uint8Array) => Uint8Array

export const linkBytes = 32

export const receiptLimits = {
  /** Bytes of a receipt: a context of 65,536 tokens fits. */
  bytes: 8 * 1024 * 1024,
  tokens: 1_048_575,
  stops: 16,
  stopLength: 1024,
} as const

/** Link `step` of a receipt; 32 zero bytes before the first. */
export function linkAt(links: Uint8Array, step: number): Uint8Array {
  if (step < 0) return new Uint8Array(linkBytes)
  return links.subarray(step * linkBytes, (step + 1) * linkBytes)
}
