import { decodeBase64Url, decodeText, encodeBase64Url, encodeText } from '@heddle/protocol/base'
import { cursorInvalid } from '../errors.ts'

/** A cursor is opaque to clients: whole numbers, joined by dots, as base64url. */
export function encodeCursor(...numbers: readonly number[]): string {
  return encodeBase64Url(encodeText(numbers.join('.')))
}

/** The `count` numbers of a cursor; undefined without one. Throws `cursor-invalid`. */
export function decodeCursor(
  cursor: string | null | undefined,
  count: number,
): number[] | undefined {
  if (cursor === undefined || cursor === null || cursor === '') return undefined
  const bytes = cursor.length <= 128 ? decodeBase64Url(cursor) : undefined
  const numbers = bytes && decodeText(bytes).split('.').map(wholeNumber)
  if (numbers?.length !== count || !numbers.every(Number.isSafeInteger)) throw cursorInvalid()
  return numbers
}

function wholeNumber(text: string): number {
  return /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
}
