// The erasure code of spec/04-commitment.md over bit planes. Butterflies and products are generated
// (emit.ts); this file walks them over tiles of a stripe. It keeps no state and owns no memory: the
// caller says where data, parity, scratch and plans lie, all at multiples of 16.

import {
  forwardInner,
  forwardLast,
  inverseFirst,
  inverseInner,
  multiplyAdd,
} from './butterflies'

/**
 * A plane is 16-byte columns. A tile is so many columns of every row: its transform stays in the
 * cache.
 */
const tileColumns: usize = 4
const blockBytes: usize = 128
const tileBytes: usize = tileColumns * 16
const tileRowBytes: usize = tileColumns * blockBytes

/**
 * Encoding reads and writes so many tiles in turn, so that each plane is touched in longer runs.
 */
const runTiles: usize = 8

/** First address that is free for the caller. */
export function heapBase(): usize {
  return __heap_base
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
  const tileScratch = k * tileRowBytes
  const work = scratch + runTiles * tileScratch
  for (let at: usize = 0; at < plane; at += runTiles * tileBytes) {
    const end = min(at + runTiles * tileBytes, plane)
    readFirstLayer(data, scratch, k, pieceBytes, at, end)
    for (let tile = at, rows = scratch; tile < end; tile += tileBytes, rows += tileScratch) {
      inverseLayers(rows, k, k, min(tileBytes, end - tile) << 3, 1)
    }
    for (let shift = k; shift < n; shift += k) {
      for (let tile = at, offset: usize = 0; tile < end; tile += tileBytes, offset += tileScratch) {
        const rowBytes = min(tileBytes, end - tile) << 3
        forwardLayers(scratch + offset, work + offset, k, shift, n, rowBytes)
      }
      const rows = min(k, n - shift)
      writeLastLayer(work, parity + (shift - k) * pieceBytes, k, shift, rows, pieceBytes, at, end)
    }
  }
}

/** Layer 0 of the inverse transform, from planes `at` … `end` of the data to tiles in scratch. */
function readFirstLayer(
  data: usize,
  scratch: usize,
  k: usize,
  pieceBytes: usize,
  at: usize,
  end: usize,
): void {
  for (let row: usize = 0; row < k; row += 2) {
    const a = data + row * pieceBytes
    let rows = scratch
    for (let tile = at; tile < end; tile += tileBytes, rows += k * tileRowBytes) {
      const bytes = min(tileBytes, end - tile)
      const to = rows + row * (bytes << 3)
      const index = <i32>(row >> 1)
      const from = a + tile
      unchecked(inverseFirst[index])(from, from + pieceBytes, pieceBytes >> 3, to, bytes)
    }
  }
}

/**
 * Layer 0 of the forward transform at `shift`, from tiles in `work` to the first `rows` pieces at
 * `to`.
 */
function writeLastLayer(
  work: usize,
  to: usize,
  k: usize,
  shift: usize,
  rows: usize,
  pieceBytes: usize,
  at: usize,
  end: usize,
): void {
  const plane = pieceBytes >> 3
  for (let row: usize = 0; row < rows; row += 2) {
    const index = <i32>((shift + row) >> 1)
    let source = work
    for (let tile = at; tile < end; tile += tileBytes, source += k * tileRowBytes) {
      const bytes = min(tileBytes, end - tile)
      const from = source + row * (bytes << 3)
      const toA = to + row * pieceBytes + tile
      // With odd n the partner of the last row falls into scratch behind the tiles.
      const toB = row + 1 < rows ? toA + pieceBytes : work + runTiles * k * tileRowBytes + tile
      unchecked(forwardLast[index])(from, toA, toB, plane, bytes)
    }
  }
}

/** Bytes of scratch that any of these functions may use for a code of n rows. */
export function scratchBytes(pieceBytes: usize): usize {
  return max(256, 128 * runTiles) * tileRowBytes + pieceBytes
}

/**
 * Layers `layer` and above of the inverse transform at shift 0, in place on rows in blocks. Rows from
 * `used` on hold zeros: butterflies of nothing else are left out.
 */
function inverseLayers(
  rows: usize,
  length: usize,
  used: usize,
  rowBytes: usize,
  layer: usize,
): void {
  for (; (<usize>1 << layer) < length; layer++) {
    const half = (<usize>1 << layer) * rowBytes
    for (let row: usize = 0; row < used; row += <usize>2 << layer) {
      const a = rows + row * rowBytes
      unchecked(inverseInner[<i32>(row >> (layer + 1))])(a, a + half, half)
    }
  }
}

/**
 * All layers but the last of the forward transform at `shift`; blocks of rows from n on are left
 * out.
 */
function forwardLayers(
  from: usize,
  to: usize,
  length: usize,
  shift: usize,
  n: usize,
  rowBytes: usize,
): void {
  let layer: usize = 31 - clz<u32>(<u32>length)
  while (--layer > 0) {
    const half = (<usize>1 << layer) * rowBytes
    for (let row: usize = 0; row < length; row += <usize>2 << layer) {
      if (shift + row >= n) break
      const offset = row * rowBytes
      const index = <i32>((shift + row) >> (layer + 1))
      const a = from + offset
      unchecked(forwardInner[index])(a, a + half, to + offset, to + offset + half, half)
    }
    from = to
  }
}

/**
 * Any rows from k known ones by a matrix. `plan` holds u32 words: k addresses of known pieces, then
 * for each wanted row its address followed by its k coefficients.
 */
export function decodeByMatrix(plan: usize, k: usize, wanted: usize, pieceBytes: usize): void {
  const plane = pieceBytes >> 3
  for (let at: usize = 0; at < plane; at += tileBytes) {
    const bytes = min(tileBytes, plane - at)
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
  for (let at: usize = 0; at < plane; at += tileBytes) {
    const bytes = min(tileBytes, plane - at)
    const rowBytes = bytes << 3
    memory.fill(scratch, 0, length * rowBytes)
    for (let known: usize = 0; known < k; known++) {
      const entry = plan + known * 12
      const from = <usize>load<u32>(entry, 4) + at
      const to = scratch + <usize>load<u32>(entry) * rowBytes
      unchecked(multiplyAdd[load<u32>(entry, 8)])(from, plane, 16, to, 16, 128, bytes >> 4)
    }
    inverseLayers(scratch, length, n, rowBytes, 0)
    derive(scratch, k, length, rowBytes)
    forwardLayers(scratch, scratch, k, 0, k, rowBytes)
    for (let row: usize = 0; row < k; row += 2) {
      const a = scratch + row * rowBytes
      unchecked(forwardInner[<i32>(row >> 1)])(a, a + rowBytes, a, a + rowBytes, rowBytes)
    }
    for (let target: usize = 0; target < wanted; target++) {
      const entry = plan + (k + target) * 12
      const from = scratch + <usize>load<u32>(entry) * rowBytes
      const to = <usize>load<u32>(entry, 4) + at
      for (let p: usize = 0; p < 8; p++) memory.fill(to + p * plane, 0, bytes)
      unchecked(multiplyAdd[load<u32>(entry, 8)])(from, 16, 128, to, plane, 16, bytes >> 4)
    }
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
