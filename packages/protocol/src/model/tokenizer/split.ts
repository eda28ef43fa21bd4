import { isLetter, isNumber, isSpace } from './unicode.ts'

/**
 * How a text is cut into words before byte pairs are joined; by the names GGUF files give. The
 * rules are those of the models' published patterns, written as a scanner: one pass, no back-
 * tracking.
 */
export type SplitStyle = 'gpt-2' | 'llama-bpe' | 'qwen2' | 'smollm'

const contractions = ['s', 't', 're', 've', 'm', 'll', 'd']
const apostrophe = 0x27
const space = 0x20
const noPoint = -1

type Scanner = { readonly points: readonly number[]; at(index: number): number }

/** At most `most` signs on: looking at all of a long run for each of its words would never end. */
function runEnd(
  scanner: Scanner,
  from: number,
  belongs: (point: number) => boolean,
  most = Number.POSITIVE_INFINITY,
): number {
  const last = Math.min(scanner.points.length, from + most)
  let end = from
  while (end < last && belongs(scanner.at(end))) end += 1
  return end
}

function isOther(point: number): boolean {
  return point !== noPoint && !isSpace(point) && !isLetter(point) && !isNumber(point)
}

function isLineEnd(point: number): boolean {
  return point === 10 || point === 13
}

function contractionEnd(scanner: Scanner, from: number, anyCase: boolean): number {
  if (scanner.at(from) !== apostrophe) return from
  const follows = (text: string) =>
    [...text].every((character, i) => {
      const point = scanner.at(from + 1 + i)
      const lower = anyCase && point >= 0x41 && point <= 0x5a ? point + 32 : point
      return lower === character.charCodeAt(0)
    })
  const match = contractions.find(follows)
  return match === undefined ? from : from + 1 + match.length
}

/**
 * White space from `from`: all of it, but for the last before a word, which belongs to the word.
 */
function spaceEnd(scanner: Scanner, from: number): number {
  const end = runEnd(scanner, from, isSpace)
  return end < scanner.points.length && end - from > 1 ? end - 1 : end
}

/** GPT-2: an optional space, then letters, numbers or others; digits one by one for smollm. */
function classicEnd(scanner: Scanner, from: number, singleDigits: boolean): number {
  const contraction = contractionEnd(scanner, from, false)
  if (contraction > from) return contraction
  if (singleDigits && isNumber(scanner.at(from))) return from + 1
  const start = scanner.at(from) === space ? from + 1 : from
  const first = scanner.at(start)
  if (isLetter(first)) return runEnd(scanner, start, isLetter)
  if (isNumber(first) && !singleDigits) return runEnd(scanner, start, isNumber)
  if (isOther(first)) return runEnd(scanner, start, isOther)
  const end = runEnd(scanner, from, isSpace)
  // Single digits are cut off first, so that the space before one is the end of a text of its own.
  return singleDigits && isNumber(scanner.at(end)) ? end : spaceEnd(scanner, from)
}

/** Llama 3 and Qwen 2: any one sign may lead letters, line ends go with what is before them. */
function modernEnd(scanner: Scanner, from: number, digitsMax: number): number {
  const contraction = contractionEnd(scanner, from, true)
  if (contraction > from) return contraction
  const first = scanner.at(from)
  if (isLetter(first)) return runEnd(scanner, from, isLetter)
  const mayLead = !isLineEnd(first) && !isNumber(first)
  if (mayLead && isLetter(scanner.at(from + 1))) return runEnd(scanner, from + 1, isLetter)
  if (isNumber(first)) return runEnd(scanner, from, isNumber, digitsMax)
  const start = first === space ? from + 1 : from
  if (isOther(scanner.at(start))) {
    return runEnd(scanner, runEnd(scanner, start, isOther), isLineEnd)
  }
  const end = runEnd(scanner, from, isSpace)
  let lastLine = end
  while (lastLine > from && !isLineEnd(scanner.at(lastLine - 1))) lastLine -= 1
  return lastLine > from ? lastLine : spaceEnd(scanner, from)
}

/** Cuts `text` into words that together are the text. */
export function splitWords(text: string, style: SplitStyle): string[] {
  const characters = Array.from(text)
  const points = characters.map((character) => character.codePointAt(0) ?? 0)
  const scanner: Scanner = { points, at: (index) => points[index] ?? noPoint }
  const words: string[] = []
  for (let start = 0; start < points.length; ) {
    let end: number
    if (style === 'gpt-2' || style === 'smollm')
      end = classicEnd(scanner, start, style === 'smollm')
    else end = modernEnd(scanner, start, style === 'qwen2' ? 1 : 3)
    words.push(characters.slice(start, end).join(''))
    start = end
  }
  return words
}
