import { encodeText } from '../../base/index.ts'
import { modelUnsupported, tokenizerInvalid } from '../errors.ts'
import { createBytePair } from '../tokenizer/byte-pair.ts'
import { createSentencePiece } from '../tokenizer/sentencepiece.ts'
import type { SplitStyle } from '../tokenizer/split.ts'
import type { Tokenizer } from '../tokenizer/tokenizer.ts'
import type { GgufHeader } from './gguf.ts'

/** GGUF's kinds of tokens that stand for no text. */
const specialTypes: ReadonlySet<number> = new Set([2, 3, 5])

/** Names of ways to cut words, and ours. */
const styles: ReadonlyMap<string, SplitStyle> = new Map([
  ['gpt-2', 'gpt-2'],
  ['default', 'gpt-2'],
  ['llama-bpe', 'llama-bpe'],
  ['llama3', 'llama-bpe'],
  ['qwen2', 'qwen2'],
  ['smollm', 'smollm'],
])

const pieceLengthMax = 1024

type Common = {
  readonly pieces: readonly string[]
  readonly special: ReadonlySet<number>
  readonly begin: number | undefined
  readonly ends: readonly number[]
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value)
}

function readTexts(header: GgufHeader, key: string): readonly string[] {
  const value = header.values.get(key)
  if (!isTexts(value)) throw tokenizerInvalid(`${key} is missing or no list of texts`)
  return value
}

function readNumbers(header: GgufHeader, key: string, count: number): Float64Array {
  const value = header.values.get(key)
  if (!(value instanceof Float64Array) || value.length !== count) {
    throw tokenizerInvalid(`${key} must be a list of ${count} numbers`)
  }
  if (!value.every(Number.isFinite)) throw tokenizerInvalid(`${key} has a value that is no number`)
  return value
}

function readToken(header: GgufHeader, name: string, vocab: number): number | undefined {
  const value = header.values.get(`tokenizer.ggml.${name}_token_id`)
  if (value === undefined) return undefined
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < vocab) {
    return value
  }
  throw tokenizerInvalid(`${name} token is ${String(value)}, not one of ${vocab}`)
}

function readCommon(header: GgufHeader): Common {
  const pieces = readTexts(header, 'tokenizer.ggml.tokens')
  const vocab = pieces.length
  const long = pieces.findIndex((piece) => piece.length > pieceLengthMax)
  if (long >= 0) throw tokenizerInvalid(`token ${long} is longer than ${pieceLengthMax} characters`)
  const hasTypes = header.values.has('tokenizer.ggml.token_type')
  const types = hasTypes ? readNumbers(header, 'tokenizer.ggml.token_type', vocab) : []
  const special = new Set<number>()
  types.forEach((type, token) => {
    if (specialTypes.has(type)) special.add(token)
  })
  const ends = ['eos', 'eot', 'eom'].map((name) => readToken(header, name, vocab))
  const addsBegin = header.values.get('tokenizer.ggml.add_bos_token')
  const begin = addsBegin === false ? undefined : readToken(header, 'bos', vocab)
  return { pieces, special, begin, ends: ends.filter((token) => token !== undefined) }
}

function readSentencePiece(header: GgufHeader): Tokenizer {
  const { pieces, special, begin, ends } = readCommon(header)
  return createSentencePiece({
    // U+2581 is how SentencePiece writes a space.
    pieces: pieces.map((piece) => encodeText(piece.replaceAll('\u2581', ' '))),
    scores: readNumbers(header, 'tokenizer.ggml.scores', pieces.length),
    begin,
    ends,
    special,
    unknown: readToken(header, 'unknown', pieces.length) ?? 0,
    spaceBefore: header.values.get('tokenizer.ggml.add_space_prefix') !== false,
  })
}

function readBytePair(header: GgufHeader): Tokenizer {
  const common = readCommon(header)
  const name = header.values.get('tokenizer.ggml.pre') ?? 'gpt-2'
  const style = typeof name === 'string' ? styles.get(name) : undefined
  if (style === undefined) {
    const known = [...styles.keys()].join(', ')
    throw modelUnsupported(`its tokenizer cuts words as ${String(name)}; known are ${known}`)
  }
  return createBytePair({ ...common, style, merges: readTexts(header, 'tokenizer.ggml.merges') })
}

/** The tokenizer of a GGUF file: SentencePiece (`llama`) or byte pairs (`gpt2`). */
export function readGgufTokenizer(header: GgufHeader): Tokenizer {
  const kind = header.values.get('tokenizer.ggml.model')
  if (kind === 'llama') return readSentencePiece(header)
  if (kind === 'gpt2') return readBytePair(header)
  throw modelUnsupported(`tokenizer ${String(kind)}, not llama or gpt2`)
}
