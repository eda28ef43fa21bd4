import { digestBytes } from '@heddle/protocol/merkle'
import { Cursor } from './cursor.ts'
import { wireInvalid } from './errors.ts'
import { wireLimits, wireVersion } from './kinds.ts'

/** Opens a meta part: checks its length and version. */
export function openMeta(meta: Uint8Array): Cursor {
  const { metaBytesMax } = wireLimits
  if (meta.length > metaBytesMax) throw wireInvalid(`the meta part exceeds ${metaBytesMax} bytes`)
  const cursor = new Cursor(meta)
  const version = cursor.u8()
  if (version !== wireVersion) throw wireInvalid(`version ${version} is not known`, { version })
  return cursor
}

/** A body must have exactly the bytes its meta part says, and never more than the lane carries. */
export function checkBody(bodyBytes: number, expectedBytes: number): void {
  if (bodyBytes !== expectedBytes || bodyBytes > wireLimits.bodyBytesMax) {
    throw wireInvalid(`a body of ${bodyBytes} bytes where ${expectedBytes} belong`)
  }
}

/** Rows of a blob: distinct, ascending, below n. */
export function checkRows(rows: readonly number[], n: number): void {
  rows.forEach((row, i) => {
    if (row >= n || (i > 0 && row <= (rows[i - 1] ?? 0))) {
      throw wireInvalid('rows are not ascending below n', { row, n })
    }
  })
}

export function readRowList(cursor: Cursor, n: number): number[] {
  const count = cursor.u16()
  if (count > n) throw wireInvalid(`${count} rows of ${n}`)
  const rows = Array.from({ length: count }, () => cursor.u16())
  checkRows(rows, n)
  return rows
}

/** A request that names a commitment and nothing else, or starts so. */
export function readCommitment(cursor: Cursor): Uint8Array {
  return cursor.bytes(digestBytes)
}
