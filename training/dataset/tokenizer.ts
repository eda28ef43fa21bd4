import { encodeText } from '@heddle/protocol/base'
import { promptTokens, readLlama2cTokenizer, type Tokenizer } from '@heddle/protocol/model'

const letters = 'abcdefghijklmnopqrstuvwxyz'
const marks = ".,?!':-$%/"

/**
 * What every call is made of beside letters and digits: a token each, so that answers are short.
 */
const callPieces = [
  '{"tool":"buy","qty":',
  '{"tool":"sell","qty":',
  '{"tool":"transfer","to":"',
  '{"tool":"balance","token":"',
  '{"tool":"price","token":"',
  '{"tool":"hold"}',
  '","qty":',
  ',"token":"',
  '","limit":',
  '"}',
  '}',
]

const pieces = [
  '<unk>',
  '<s>',
  '</s>',
  '\n',
  ' ',
  ...letters,
  ...letters.toUpperCase(),
  ...'0123456789',
  ...marks,
  ...callPieces,
]

/** Tokens of the model: a multiple of eight, as the trainer's kernels want it. */
export const vocab = pieces.length
const endToken = 2

/** The tokenizer as a llama2.c file: f32 score, length and text of each piece. */
export function tokenizerFile(): Uint8Array {
  const texts = pieces.map(encodeText)
  const longest = Math.max(...texts.map(({ length }) => length))
  const bytes = new Uint8Array(4 + texts.reduce((sum, { length }) => sum + 8 + length, 0))
  const view = new DataView(bytes.buffer)
  view.setUint32(0, longest, true)
  let at = 4
  for (const text of texts) {
    view.setUint32(at + 4, text.length, true)
    bytes.set(text, at + 8)
    at += 8 + text.length
  }
  return bytes
}

/** The tokenizer as the engine reads it. */
export function openTokenizer(): Tokenizer {
  return readLlama2cTokenizer(tokenizerFile(), vocab)
}

/** The tokens of an order as a node makes them; the line end says that the call comes next. */
export function orderTokens(tokenizer: Tokenizer, order: string): number[] {
  return promptTokens(tokenizer, [`${order}\n`])
}

/** The tokens of a call, always the longest piece first, and the end. */
export function callTokens(call: string): number[] {
  const tokens: number[] = []
  for (let at = 0; at < call.length; ) {
    const token = longestPiece(call, at)
    tokens.push(token)
    at += pieces[token]?.length ?? 1
  }
  return [...tokens, endToken]
}

function longestPiece(call: string, at: number): number {
  let best = -1
  for (const [token, piece] of pieces.entries()) {
    const isLonger = best < 0 || piece.length > (pieces[best]?.length ?? 0)
    if (isLonger && call.startsWith(piece, at)) best = token
  }
  if (best < 0) throw new RangeError(`no piece begins ${call.slice(at)}`)
  return best
}
