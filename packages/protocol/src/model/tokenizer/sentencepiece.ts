import { encodeText } from '../../base/index.ts'
import { textTooLong, tokenizerInvalid } from '../errors.ts'
import { mergePieces, type Piece } from './merge.ts'
import { bytesToKey, checkToken, type Tokenizer, textMax } from './tokenizer.ts'

export type SentencePieceVocabulary = {
  /** Bytes of each token; a space is a space. Byte tokens are written `<0x0A>`. */
  readonly pieces: readonly Uint8Array[]
  /** Pieces of higher score are joined first. */
  readonly scores: ArrayLike<number>
  readonly begin: number | undefined
  readonly ends: readonly number[]
  /** Tokens that stand for no text. */
  readonly special: ReadonlySet<number>
  readonly unknown: number
  /** Whether a text is encoded as if a space came before it. */
  readonly spaceBefore: boolean
}

const byteName = /^<0x([0-9A-F]{2})>$/
const none = new Uint8Array(0)

/** Length of the UTF-8 sequence that `lead` begins. */
function sequenceBytes(lead: number): number {
  if (lead < 0x80) return 1
  if (lead < 0xe0) return 2
  return lead < 0xf0 ? 3 : 4
}

type Tables = { readonly ids: Map<string, number>; readonly byteOf: Map<number, number> }

function buildTables(vocabulary: SentencePieceVocabulary): Tables {
  const ids = new Map<string, number>()
  const byteOf = new Map<number, number>()
  vocabulary.pieces.forEach((piece, token) => {
    const key = bytesToKey(piece)
    const byte = byteName.exec(key)?.[1]
    if (byte !== undefined) byteOf.set(token, Number.parseInt(byte, 16))
    // Of two equal pieces the first counts.
    if (key !== '' && !ids.has(key)) ids.set(key, token)
  })
  return { ids, byteOf }
}

/**
 * Byte pair encoding by scores, as SentencePiece trains it: characters are joined by the highest
 * score, leftmost first; what is no token then falls apart into byte tokens.
 */
export function createSentencePiece(vocabulary: SentencePieceVocabulary): Tokenizer {
  const { pieces, scores, begin, special, unknown } = vocabulary
  if (pieces.length !== scores.length) {
    throw tokenizerInvalid(`${pieces.length} pieces have ${scores.length} scores`)
  }
  const { ids, byteOf } = buildTables(vocabulary)
  const tokenOfByte = new Map([...byteOf].map(([token, byte]) => [byte, token]))
  const longest = pieces.reduce((most, piece) => Math.max(most, piece.length), 1)
  /** What text may become: neither special tokens nor the names of byte tokens. */
  const plain = (key: string): number => {
    const token = ids.get(key) ?? -1
    return special.has(token) || byteOf.has(token) ? -1 : token
  }

  const encode = (text: string): number[] => {
    if (text.length > textMax) throw textTooLong(text.length, textMax)
    if (text === '') return []
    const key = bytesToKey(encodeText(vocabulary.spaceBefore ? ` ${text}` : text))
    const characters: Piece[] = []
    for (let start = 0; start < key.length; ) {
      const end = Math.min(key.length, start + sequenceBytes(key.charCodeAt(start)))
      characters.push({ token: plain(key.slice(start, end)), start, end })
      start = end
    }
    const merged = mergePieces(characters, (left, right) => {
      if (right.end - left.start > longest) return undefined
      const token = plain(key.slice(left.start, right.end))
      return token < 0 ? undefined : { token, rank: -(scores[token] ?? 0) }
    })
    return merged.flatMap(({ token, start, end }) => {
      if (token >= 0) return [token]
      const bytes = Array.from(key.slice(start, end), (character) => character.charCodeAt(0))
      return bytes.map((byte) => tokenOfByte.get(byte) ?? unknown)
    })
  }

  const bytesOf = (token: number, previous: number | undefined): Uint8Array => {
    checkToken(token, pieces.length)
    const byte = byteOf.get(token)
    if (byte !== undefined) return Uint8Array.of(byte)
    if (special.has(token)) return none
    const piece = pieces[token] ?? none
    // The space that encoding puts before a text is not part of it.
    const isFirst = vocabulary.spaceBefore && (previous === undefined || previous === begin)
    return isFirst && piece[0] === 0x20 ? piece.subarray(1) : piece
  }

  return {
    vocab: pieces.length,
    begin,
    ends: new Set(vocabulary.ends),
    tokenBytesMax: longest,
    encode,
    bytesOf,
    tokenOf: (piece) => ids.get(bytesToKey(encodeText(piece))),
  }
}
