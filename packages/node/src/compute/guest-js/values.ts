import { type Engine, readText } from './engine.ts'
import type { ValueAddress } from './world.ts'

/*
 * Values of the engine as they lie in its memory. The engine is one and the same, byte for byte (`compile.ts`), so
 * where it has what is part of the format. To read there takes no call into it, no copy and no memory of
 * its own; a message has some twenty values.
 *
 * A value is 8 bytes: above a tag, below an address or a small number. Numbers that are no small integers
 * are doubles, moved so that no tag is one.
 */
const wordBytes = 4
const valueBytes = 8

const integerTag = 0
const booleanTag = 1
const undefinedTag = 3
const exceptionTag = 6
const ropeTag = 0xfffffffa
const stringTag = 0xfffffff9
const objectTag = 0xffffffff
const doubleShift = 0x7ff8_000a

/** Of an object: its class (upper half of a word), the values of a list without holes, and how many they are. */
const classWord = 2
const listValuesWord = 7
const listCountWord = 8
const listClass = 2

/** Of a text: length and width, form, and its characters or where they are. */
const formWord = 1
const charactersWord = 6
const offsetWord = 7
const charactersAt = 24

/** The value stands for something thrown. */
export function isException({ views }: Engine, at: ValueAddress): boolean {
  return views().words[at / wordBytes + 1] === exceptionTag
}

const doubleView = new Float64Array(1)
const doubleWords = new Uint32Array(doubleView.buffer)

/** Makes 8 bytes of memory the value of a number. */
export function putNumber({ views }: Engine, at: ValueAddress, value: number): void {
  const { words } = views()
  const isInteger = (value | 0) === value
  doubleView[0] = value
  words[at / wordBytes] = isInteger ? value : (doubleWords[0] ?? 0)
  words[at / wordBytes + 1] = isInteger ? integerTag : (doubleWords[1] ?? 0) - doubleShift
}

/** A list of the engine: where its values are. */
export type List = { readonly at: number; readonly count: number }

export function listAt({ views }: Engine, at: ValueAddress): List | undefined {
  const { words } = views()
  if (words[at / wordBytes + 1] !== objectTag) return undefined
  const object = (words[at / wordBytes] ?? 0) / wordBytes
  if ((words[object + classWord] ?? 0) >>> 16 !== listClass) return undefined
  return { at: words[object + listValuesWord] ?? 0, count: words[object + listCountWord] ?? 0 }
}

/** Address of a value of a list. */
export function itemOf({ at }: List, index: number): ValueAddress {
  return at + index * valueBytes
}

export function isUndefined({ views }: Engine, at: ValueAddress): boolean {
  return views().words[at / wordBytes + 1] === undefinedTag
}

export function booleanAt({ views }: Engine, at: ValueAddress): boolean | undefined {
  const { words } = views()
  if (words[at / wordBytes + 1] !== booleanTag) return undefined
  return words[at / wordBytes] === 1
}

/** A number that is no small integer is undefined too. */
export function integerAt({ views }: Engine, at: ValueAddress): number | undefined {
  const { words } = views()
  if (words[at / wordBytes + 1] !== integerTag) return undefined
  return words[at / wordBytes]
}

/**
 * A text, half surrogate pairs replaced; undefined where it is none. `admit` is told its bytes before they are
 * copied, and throws where they are too many.
 */
export function textAt(
  engine: Engine,
  at: ValueAddress,
  admit: (bytes: number) => void,
): string | undefined {
  const { words, bytes } = engine.views()
  const tag = words[at / wordBytes + 1]
  // Texts that were joined and never read: the engine makes one of them.
  if (tag === ropeTag) return readText(engine, at, admit)
  if (tag !== stringTag) return undefined
  const text = (words[at / wordBytes] ?? 0) / wordBytes
  const head = words[text] ?? 0
  const isWide = head >>> 31 === 1
  const length = head & 0x7fff_ffff
  const byteLength = isWide ? 2 * length : length
  admit(byteLength)
  const from = charactersOf(words, text)
  if (isWide) return bytes.toString('utf16le', from, from + byteLength).toWellFormed()
  return bytes.toString('latin1', from, from + byteLength)
}

/** Characters follow the text's head, or are part of another's, or lie elsewhere. */
function charactersOf(words: Uint32Array, text: number): number {
  const form = ((words[text + formWord] ?? 0) >>> 28) & 3
  if (form === 0) return text * wordBytes + charactersAt
  const elsewhere = words[text + charactersWord] ?? 0
  return form === 1 ? elsewhere + (words[text + offsetWord] ?? 0) + charactersAt : elsewhere
}
