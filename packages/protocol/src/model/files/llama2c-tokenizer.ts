import { tokenizerInvalid } from '../errors.ts'
import { createSentencePiece } from '../tokenizer/sentencepiece.ts'
import type { Tokenizer } from '../tokenizer/tokenizer.ts'

/** Bytes of one token before its text: f32 score, i32 length. */
const entryBytes = 8
const pieceBytesMax = 1024

/**
 * Reads the tokenizer of a llama2.c checkpoint: i32 longest piece, then per token f32 score, i32
 * length and text. `vocab` comes from the model; the file must have exactly that many.
 */
export function readLlama2cTokenizer(bytes: Uint8Array, vocab: number): Tokenizer {
  if (bytes.length < 4 + vocab * entryBytes) {
    throw tokenizerInvalid(
      `${bytes.length} bytes cannot hold ${vocab} tokens: another model's file?`,
    )
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const pieces: Uint8Array[] = []
  const scores = new Float32Array(vocab)
  let at = 4
  for (let token = 0; token < vocab; token++) {
    if (at + entryBytes > bytes.length) throw tokenizerInvalid(`cut off at token ${token}`)
    const length = view.getInt32(at + 4, true)
    scores[token] = view.getFloat32(at, true)
    if (!Number.isFinite(scores[token])) throw tokenizerInvalid(`token ${token} has no score`)
    at += entryBytes
    if (length < 0 || length > pieceBytesMax) {
      throw tokenizerInvalid(`token ${token} has ${length} bytes, ${pieceBytesMax} at most`)
    }
    if (at + length > bytes.length) throw tokenizerInvalid(`cut off at token ${token}`)
    pieces.push(bytes.subarray(at, at + length))
    at += length
  }
  if (at !== bytes.length) {
    throw tokenizerInvalid(`${bytes.length - at} bytes follow the ${vocab} tokens of the model`)
  }
  // Tokens 0 to 2 are unknown, begin and end in every llama2.c vocabulary.
  return createSentencePiece({
    pieces,
    scores,
    begin: 1,
    ends: [1, 2],
    special: new Set([0, 1, 2]),
    unknown: 0,
    spaceBefore: true,
  })
}
