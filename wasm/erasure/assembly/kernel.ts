// The erasure code of spec/04-commitment.md over bit planes. Butterflies and products are generated
// (emit.ts); this file walks them over a stripe. It keeps no state and owns no memory: the caller
// says where data, parity, scratch and plans lie, all at multiples of 16.
//
// A plane is 16-byte columns. A pass takes a run of them from every row. Inside a pass a row lies in
// blocks of 128 bytes, one column of all planes.

import {
  forwardInner,
  forwardLast,
  forwardQuads,
  inverseFirst,
  inverseInner,
  inverseQuads,
  multiplyAdd,
} from './butterflies'

/**
 * Bytes of each plane that one pass takes. Long runs are what the hardware's prefetchers need where
 * planes lie; 64 rows of them and their transform, 512 KiB, stay in the second-level cache.
 */
const runBytes: usize = 512

/** First address that is free for the caller. */
export function heapBase(): usize {
  return __heap_base
}

/** Bytes of scratch that any of these functions may use. */
export function scratchBytes(): usize {
  return (256 * runBytes) << 3
}

/**
 * Rows k … n−1 from rows 0 … k−1, each row a piece of `pieceBytes`, one after another. `scratch`
 * takes what scratchBytes says.
 */
export function encode(
  data: usize,
  parity: usize,
  scratch: usize,
  k: usize,
  n: usize,
  pieceBytes: usize,
): void {
  const plane = pieceBytes >> 3
  for (let at: usize = 0; at < plane; at += runBytes) {
    const bytes = min(runBytes, plane - at)
    const beside = scratch + k * (bytes << 3)
    readRows(data + at, scratch, k, plane, bytes)
    for (let shift = k; shift < n; shift += k) {
      const to = parity + (shift - k) * pieceBytes + at
      // The last transform is made in place: half as much passes through the cache.
      const work = shift + k < n ? beside : scratch
      writeCoset(scratch, work, to, k, shift, n, plane, bytes)
    }
  }
}

/** The inverse transform of the data, from planes at `data` to blocks. */
function readRows(data: usize, rows: usize, k: usize, plane: usize, bytes: usize): void {
  const pieceBytes = plane << 3
  const rowBytes = bytes << 3
  for (let row: usize = 0; row < k; row += 2) {
    const a = data + row * pieceBytes
    const to = rows + row * rowBytes
    unchecked(inverseFirst[<i32>(row >> 1)])(a, a + pieceBytes, plane, to, bytes)
    climb(rows, row + 2, k, k, rowBytes)
  }
}

/** The forward transform at `shift`, from blocks at `from` to planes of the rows below n. */
function writeCoset(
  from: usize,
  work: usize,
  to: usize,
  k: usize,
  shift: usize,
  n: usize,
  plane: usize,
  bytes: usize,
): void {
  const rowBytes = bytes << 3
  const top = spread(from, work, k, shift, rowBytes)
  for (let row: usize = 0; row < k && shift + row < n; row += 2, to += plane << 4) {
    descend(work, row, top, shift, rowBytes)
    const a = work + row * rowBytes
    const b = a + rowBytes
    unchecked(forwardLast[<i32>((shift + row) >> 1)])(a, b, rowBytes)
    writeRow(a, to, plane, bytes)
    if (shift + row + 1 < n) writeSum(a, b, to + (plane << 3), plane, bytes)
  }
}

/**
 * The layers of the inverse transform, above the first, that can be made once rows below `done`
 * have had theirs: each is made as soon as its rows are there, while they are in the cache. Rows
 * from `used` on hold zeros: butterflies of nothing else are left out.
 */
function climb(rows: usize, done: usize, length: usize, used: usize, rowBytes: usize): void {
  for (let layer: usize = 1; (<usize>1 << layer) < length; ) {
    const half = rowBytes << layer
    const isQuad = (<usize>2 << layer) < length && length >> (layer + 2) <= 4
    const layers: usize = isQuad ? 2 : 1
    const span = <usize>1 << (layer + layers)
    if ((done & (span - 1)) !== 0) return
    const start = done - span
    const index = <i32>(start >> (layer + 1))
    const a = rows + start * rowBytes
    layer += layers
    if (start >= used) continue
    if (isQuad) unchecked(inverseQuads[index >> 1])(a, half, half)
    else unchecked(inverseInner[index])(a, a + half, half)
  }
}

/** The upper one or two layers of a forward transform; returns how many are left below. */
function spread(from: usize, to: usize, length: usize, shift: usize, rowBytes: usize): usize {
  const layers: usize = 31 - clz<u32>(<u32>length)
  const index = <i32>(shift >> layers)
  const isQuad = index < 4
  const left = layers - (isQuad ? 2 : 1)
  const half = rowBytes << left
  if (isQuad) unchecked(forwardQuads[index])(from, to, half, half)
  else unchecked(forwardInner[index])(from, from + half, to, to + half, half)
  return left
}

/**
 * The layers of a forward transform below `top`, but for the last, of all blocks that begin at
 * `row`: going through the rows in order makes all of them.
 */
function descend(rows: usize, row: usize, top: usize, shift: usize, rowBytes: usize): void {
  for (let layer = top - 1; layer > 0; layer--) {
    if ((row & ((<usize>2 << layer) - 1)) !== 0) continue
    const half = rowBytes << layer
    const a = rows + row * rowBytes
    const b = a + half
    unchecked(forwardInner[<i32>((shift + row) >> (layer + 1))])(a, b, a, b, half)
  }
}

/** A row from blocks to planes, plane by plane: stores that fill a line one after another. */
function writeRow(from: usize, to: usize, plane: usize, bytes: usize): void {
  for (let p: usize = 0; p < 8; p++, from += 16, to += plane) {
    let i: usize = 0
    for (let a = from; i + 64 <= bytes; i += 64, a += 512) {
      const x0 = v128.load(a)
      const x1 = v128.load(a, 128)
      const x2 = v128.load(a, 256)
      const x3 = v128.load(a, 384)
      v128.store(to + i, x0)
      v128.store(to + i, x1, 16)
      v128.store(to + i, x2, 32)
      v128.store(to + i, x3, 48)
    }
    for (; i < bytes; i += 16) v128.store(to + i, v128.load(from + (i << 3)))
  }
}

/** The same of the sum of two rows. */
function writeSum(a: usize, b: usize, to: usize, plane: usize, bytes: usize): void {
  const distance = b - a
  for (let p: usize = 0; p < 8; p++, a += 16, to += plane) {
    let i: usize = 0
    for (let x = a; i + 64 <= bytes; i += 64, x += 512) {
      const y = x + distance
      const x0 = v128.xor(v128.load(x), v128.load(y))
      const x1 = v128.xor(v128.load(x, 128), v128.load(y, 128))
      const x2 = v128.xor(v128.load(x, 256), v128.load(y, 256))
      const x3 = v128.xor(v128.load(x, 384), v128.load(y, 384))
      v128.store(to + i, x0)
      v128.store(to + i, x1, 16)
      v128.store(to + i, x2, 32)
      v128.store(to + i, x3, 48)
    }
    for (; i < bytes; i += 16) {
      const x = a + (i << 3)
      v128.store(to + i, v128.xor(v128.load(x), v128.load(x + distance)))
    }
  }
}

/**
 * Any rows from k known ones by a matrix. `plan` holds u32 words: k addresses of known pieces, then
 * for each wanted row its address followed by its k coefficients.
 */
export function decodeByMatrix(plan: usize, k: usize, wanted: usize, pieceBytes: usize): void {
  const plane = pieceBytes >> 3
  for (let at: usize = 0; at < plane; at += runBytes) {
    const bytes = min(runBytes, plane - at)
    for (let target: usize = 0; target < wanted; target++) {
      const row = plan + ((k + target * (k + 1)) << 2)
      const to = <usize>load<u32>(row) + at
      for (let p: usize = 0; p < 8; p++) memory.fill(to + p * plane, 0, bytes)
      for (let source: usize = 0; source < k; source++) {
        const from = <usize>load<u32>(plan + (source << 2)) + at
        const constant = load<u32>(row + ((source + 1) << 2))
        if (constant === 0) continue
        unchecked(multiplyAdd[constant])(from, plane, 16, to, plane, 16, bytes >> 4)
      }
    }
  }
}

/**
 * Missing data rows from k known rows by one inverse transform of `length` points, a derivative and
 * one forward transform of k points, whatever their number. `plan` holds u32 words in threes, (row,
 * address, scale): k known rows, then the wanted ones.
 */
export function decodeByTransform(
  plan: usize,
  scratch: usize,
  k: usize,
  wanted: usize,
  n: usize,
  length: usize,
  pieceBytes: usize,
): void {
  const plane = pieceBytes >> 3
  for (let at: usize = 0; at < plane; at += runBytes) {
    const bytes = min(runBytes, plane - at)
    const rowBytes = bytes << 3
    memory.fill(scratch, 0, length * rowBytes)
    for (let known: usize = 0; known < k; known++) {
      const entry = plan + known * 12
      const from = <usize>load<u32>(entry, 4) + at
      const to = scratch + <usize>load<u32>(entry) * rowBytes
      unchecked(multiplyAdd[load<u32>(entry, 8)])(from, plane, 16, to, 16, 128, bytes >> 4)
    }
    interpolate(scratch, length, n, rowBytes)
    derive(scratch, k, length, rowBytes)
    evaluate(scratch, k, rowBytes)
    for (let target: usize = 0; target < wanted; target++) {
      const entry = plan + (k + target) * 12
      const from = scratch + <usize>load<u32>(entry) * rowBytes
      const to = <usize>load<u32>(entry, 4) + at
      for (let p: usize = 0; p < 8; p++) memory.fill(to + p * plane, 0, bytes)
      unchecked(multiplyAdd[load<u32>(entry, 8)])(from, 16, 128, to, plane, 16, bytes >> 4)
    }
  }
}

/** The inverse transform of `length` rows in blocks in place, of which rows from `used` on are zero. */
function interpolate(rows: usize, length: usize, used: usize, rowBytes: usize): void {
  for (let row: usize = 0; row < length; row += 2) {
    const a = rows + row * rowBytes
    if (row < used) unchecked(inverseInner[<i32>(row >> 1)])(a, a + rowBytes, rowBytes)
    climb(rows, row + 2, length, used, rowBytes)
  }
}

/** The forward transform of k rows at the data points, in blocks in place. */
function evaluate(rows: usize, k: usize, rowBytes: usize): void {
  const top = spread(rows, rows, k, 0, rowBytes)
  for (let row: usize = 0; row < k; row += 2) {
    descend(rows, row, top, 0, rowBytes)
    const a = rows + row * rowBytes
    const b = a + rowBytes
    unchecked(forwardInner[<i32>(row >> 1)])(a, b, a, b, rowBytes)
  }
}

/**
 * The first k coordinates of the derivative: row i becomes the sum of rows i + 2^j, j not a bit of
 * i.
 */
function derive(rows: usize, k: usize, length: usize, rowBytes: usize): void {
  for (let row: usize = 0; row < k; row++) {
    const to = rows + row * rowBytes
    let first = true
    for (let bit: usize = 1; bit < length; bit <<= 1) {
      if ((row & bit) !== 0) continue
      const from = rows + (row + bit) * rowBytes
      if (first) memory.copy(to, from, rowBytes)
      else addRow(from, to, rowBytes)
      first = false
    }
  }
}

function addRow(from: usize, to: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) {
    v128.store(to + i, v128.xor(v128.load(to + i), v128.load(from + i)))
  }
}
