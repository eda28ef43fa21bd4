import { encodeText } from '../../base/index.ts'
import { textTooLong, tokenizerInvalid } from '../errors.ts'
import { type Merge, mergePieces } from './merge.ts'
import { type SplitStyle, splitWords } from './split.ts'
import { bytesToKey, checkToken, keyToBytes, type Tokenizer, textMax } from './tokenizer.ts'

export type BytePairVocabulary = {
  /**
   * Tokens as the file writes them: bytes as GPT-2's printable characters, special ones as they
   * are.
   */
  readonly pieces: readonly string[]
  /** `left right`, the earlier the sooner joined. */
  readonly merges: readonly string[]
  readonly style: SplitStyle
  readonly begin: number | undefined
  readonly ends: readonly number[]
  readonly special: ReadonlySet<number>
}

const none = new Uint8Array(0)

/** GPT-2's alphabet: printable bytes stand for themselves, the others for U+0100 onwards. */
function buildAlphabet(): ReadonlyMap<string, number> {
  const alphabet = new Map<string, number>()
  let next = 0x100
  for (let byte = 0; byte < 256; byte++) {
    const isPrintable = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad)
    alphabet.set(String.fromCharCode(isPrintable ? byte : next++), byte)
  }
  return alphabet
}

const alphabet = buildAlphabet()

/**
 * The bytes a piece stands for, one character each; undefined where a character is in no alphabet.
 */
function pieceKey(piece: string): string | undefined {
  let key = ''
  for (const character of piece) {
    const byte = alphabet.get(character)
    if (byte === undefined) return undefined
    key += String.fromCharCode(byte)
  }
  return key
}

/** Ranks by pair of tokens, as one number: vocabularies have at most 2^20 tokens. */
function buildMerges(merges: readonly string[], ids: ReadonlyMap<string, number>) {
  const table = new Map<number, Merge>()
  merges.forEach((merge, rank) => {
    const middle = merge.indexOf(' ')
    const left = pieceKey(merge.slice(0, middle))
    const right = pieceKey(merge.slice(middle + 1))
    const leftToken = ids.get(left ?? '')
    const rightToken = ids.get(right ?? '')
    const token = ids.get(`${left}${right}`)
    if (leftToken === undefined || rightToken === undefined || token === undefined) {
      throw tokenizerInvalid(`merge ${rank} joins pieces that are no tokens`)
    }
    const pair = leftToken * 2 ** 20 + rightToken
    if (!table.has(pair)) table.set(pair, { rank, token })
  })
  return table
}

/**
 * Byte pair encoding over bytes (GPT-2): words are cut first, pairs are joined by rank within a
 * word.
 */
export function createBytePair(vocabulary: BytePairVocabulary): Tokenizer {
  const { pieces, special } = vocabulary
  const ids = new Map<string, number>()
  const names = new Map<string, number>()
  const keys = pieces.map((piece, token) => {
    if (!names.has(piece)) names.set(piece, token)
    // Pieces outside of the alphabet are special or added ones: text as it is.
    const key = special.has(token) ? undefined : pieceKey(piece)
    if (key !== undefined && key !== '' && !ids.has(key)) ids.set(key, token)
    return key ?? bytesToKey(encodeText(piece))
  })
  const merges = buildMerges(vocabulary.merges, ids)
  for (let byte = 0; byte < 256; byte++) {
    if (!ids.has(String.fromCharCode(byte))) throw tokenizerInvalid(`byte ${byte} has no token`)
  }

  const encodeWord = (word: string): number[] => {
    const bytes = encodeText(word)
    const letters = Array.from(bytes, (byte, i) => {
      return { token: ids.get(String.fromCharCode(byte)) ?? 0, start: i, end: i + 1 }
    })
    const joined = mergePieces(letters, (left, right) =>
      merges.get(left.token * 2 ** 20 + right.token),
    )
    return joined.map(({ token }) => token)
  }

  return {
    vocab: pieces.length,
    begin: vocabulary.begin,
    ends: new Set(vocabulary.ends),
    tokenBytesMax: keys.reduce((most, key) => Math.max(most, key.length), 1),
    encode: (text) => {
      if (text.length > textMax) throw textTooLong(text.length, textMax)
      return splitWords(text, vocabulary.style).flatMap(encodeWord)
    },
    bytesOf: (token) => {
      checkToken(token, pieces.length)
      return special.has(token) ? none : keyToBytes(keys[token] ?? '')
    },
    tokenOf: (piece) => names.get(piece),
  }
}
