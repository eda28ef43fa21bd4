import { tokenOutOfRange } from '../errors.ts'

/**
 * Text into tokens and back. Both directions are the model's own, whatever the host's locale or
 * engine.
 */
export type Tokenizer = {
  readonly vocab: number
  /** The token a text begins with, where the model was trained with one. */
  readonly begin: number | undefined
  /** Tokens that end an answer. */
  readonly ends: ReadonlySet<number>
  /** Bytes of a text that one token takes at most. */
  readonly tokenBytesMax: number
  /** The tokens of a text, without `begin`. Names of special tokens in it are only text. */
  encode(text: string): number[]
  /** The bytes a token stands for after `previous`; none for special tokens. */
  bytesOf(token: number, previous: number | undefined): Uint8Array
  /** The token written exactly so, special ones included. */
  tokenOf(piece: string): number | undefined
}

/** Characters of a text that is tokenised at once. */
export const textMax = 1_048_576

/** The bytes of consecutive tokens, as if the first of them followed `previous`. */
export function tokensToBytes(
  tokenizer: Tokenizer,
  tokens: readonly number[],
  previous?: number,
): Uint8Array {
  const parts = tokens.map((token, i) =>
    tokenizer.bytesOf(token, i === 0 ? previous : tokens[i - 1]),
  )
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

export function checkToken(token: number, vocab: number): void {
  if (!(Number.isInteger(token) && token >= 0 && token < vocab)) throw tokenOutOfRange(token, vocab)
}

/** One character per byte, so that strings and maps can hold any bytes. */
export function bytesToKey(bytes: Uint8Array): string {
  let key = ''
  for (let i = 0; i < bytes.length; i++) key += String.fromCharCode(bytes[i] as number)
  return key
}

export function keyToBytes(key: string): Uint8Array {
  return Uint8Array.from(key, (character) => character.charCodeAt(0))
}
