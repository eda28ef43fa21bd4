import { erasureLength, erasureRows, erasureShape } from './errors.ts'

/** One stripe of the code: k data rows, n rows in all, each row's piece of `pieceBytes` bytes. */
export type StripeShape = { readonly k: number; readonly n: number; readonly pieceBytes: number }

/** A row's piece of one stripe. */
export type Row = { readonly index: number; readonly piece: Uint8Array }

/**
 * A systematic Reed–Solomon code over GF(2^8): row i holds the values at point ω_i of the
 * polynomials of degree below k whose values at ω_0 … ω_{k−1} are the data. Engines differ in speed
 * only.
 */
export type ErasureEngine = {
  /** Fills `parity` (rows k … n−1) from `data` (rows 0 … k−1), rows one after another. */
  encode(shape: StripeShape, data: Uint8Array, parity: Uint8Array): void
  /**
   * Computes the pieces of rows `wanted` (any rows below n), one after another, into `out`, from
   * the first k of `rows`. `wanted` are distinct; `out` must not overlap the rows. Throws
   * `erasure-rows` where these are not k distinct rows.
   */
  decode(shape: StripeShape, rows: readonly Row[], wanted: readonly number[], out: Uint8Array): void
}

/** A piece is a whole number of 128-byte blocks, so that each plane fills whole SIMD registers. */
export const blockBytes = 128
export const rowsMax = 256

export function checkShape({ k, n, pieceBytes }: StripeShape): void {
  if (k !== 16 && k !== 64) throw erasureShape(`there is no code with k = ${k}.`, { k })
  if (!Number.isInteger(n) || n <= k || n > rowsMax) {
    throw erasureShape(`n = ${n} does not go with k = ${k}.`, { k, n })
  }
  if (!Number.isInteger(pieceBytes) || pieceBytes <= 0 || pieceBytes % blockBytes !== 0) {
    throw erasureShape(`a piece cannot have ${pieceBytes} bytes.`, { pieceBytes })
  }
}

export function checkEncode(shape: StripeShape, data: Uint8Array, parity: Uint8Array): void {
  checkShape(shape)
  const { k, n, pieceBytes } = shape
  checkLength('the data', k * pieceBytes, data.length)
  checkLength('the parity', (n - k) * pieceBytes, parity.length)
}

/** Checks what `decode` was given; returns the k rows to use. */
export function checkDecode(
  shape: StripeShape,
  rows: readonly Row[],
  wanted: readonly number[],
  out: Uint8Array,
): readonly Row[] {
  checkShape(shape)
  const { k, n, pieceBytes } = shape
  checkLength('the output', wanted.length * pieceBytes, out.length)
  if (rows.length < k) throw erasureRows('too few rows.', k, rows.length)
  const used = rows.slice(0, k)
  const isRow = (index: number) => Number.isInteger(index) && index >= 0 && index < n
  const distinct = new Set(used.map(({ index }) => index)).size
  if (distinct < k || !used.every(({ index }) => isRow(index))) {
    throw erasureRows('a row is repeated or out of range.', k, distinct)
  }
  if (!wanted.every(isRow) || new Set(wanted).size < wanted.length) {
    throw erasureRows('a wanted row is repeated or out of range.', k, distinct)
  }
  for (const { index, piece } of used) checkLength(`row ${index}`, pieceBytes, piece.length)
  return used
}

function checkLength(what: string, neededBytes: number, givenBytes: number): void {
  if (neededBytes !== givenBytes) throw erasureLength(what, neededBytes, givenBytes)
}
