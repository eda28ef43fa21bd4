// C = A · B in f32. Every element is one sum over k from 0 upwards, in that order, with a rounded
// product added at each step: lanes run along columns, so no block size changes a bit.

/**
 * c[i, j] = (keep ? c[i, j] : 0) + sum over k of a[i, k] * b[k, j]. `m` is a multiple of 4, `n` of
 * 8. Element a[i, k] lies at a + 4 * (i * aRow + k * aStep), so that A may be read transposed; rows
 * of B and C are `bRow` and `cRow` floats apart.
 */
export function product(
  c: usize, cRow: u32, keep: bool,
  a: usize, aRow: u32, aStep: u32,
  b: usize, bRow: u32,
  m: u32, n: u32, k: u32,
): void {
  const aRowBytes = <usize>aRow << 2
  const aStepBytes = <usize>aStep << 2
  const bRowBytes = <usize>bRow << 2
  const cRowBytes = <usize>cRow << 2
  for (let i: u32 = 0; i < m; i += 4) {
    const a0 = a + i * aRowBytes
    const c0 = c + i * cRowBytes
    for (let j: u32 = 0; j < n; j += 8) {
      const column = <usize>j << 2
      block(c0 + column, cRowBytes, keep, a0, aRowBytes, aStepBytes, b + column, bRowBytes, k)
    }
  }
}

/** Four rows by eight columns, held in registers. */
// @ts-ignore: decorator
@inline
function block(
  c: usize, cRow: usize, keep: bool,
  a: usize, aRow: usize, aStep: usize,
  b: usize, bRow: usize, k: u32,
): void {
  const c1 = c + cRow
  const c2 = c1 + cRow
  const c3 = c2 + cRow
  const zero = f32x4.splat(0)
  let s0 = keep ? v128.load(c) : zero
  let s1 = keep ? v128.load(c, 16) : zero
  let s2 = keep ? v128.load(c1) : zero
  let s3 = keep ? v128.load(c1, 16) : zero
  let s4 = keep ? v128.load(c2) : zero
  let s5 = keep ? v128.load(c2, 16) : zero
  let s6 = keep ? v128.load(c3) : zero
  let s7 = keep ? v128.load(c3, 16) : zero
  const aRow2 = aRow << 1
  const aRow3 = aRow2 + aRow
  for (let left = k; left > 0; left--) {
    const left4 = v128.load(b)
    const right4 = v128.load(b, 16)
    const x0 = v128.load_splat<f32>(a)
    s0 = f32x4.add(s0, f32x4.mul(x0, left4))
    s1 = f32x4.add(s1, f32x4.mul(x0, right4))
    const x1 = v128.load_splat<f32>(a + aRow)
    s2 = f32x4.add(s2, f32x4.mul(x1, left4))
    s3 = f32x4.add(s3, f32x4.mul(x1, right4))
    const x2 = v128.load_splat<f32>(a + aRow2)
    s4 = f32x4.add(s4, f32x4.mul(x2, left4))
    s5 = f32x4.add(s5, f32x4.mul(x2, right4))
    const x3 = v128.load_splat<f32>(a + aRow3)
    s6 = f32x4.add(s6, f32x4.mul(x3, left4))
    s7 = f32x4.add(s7, f32x4.mul(x3, right4))
    a += aStep
    b += bRow
  }
  v128.store(c, s0)
  v128.store(c, s1, 16)
  v128.store(c1, s2)
  v128.store(c1, s3, 16)
  v128.store(c2, s4)
  v128.store(c2, s5, 16)
  v128.store(c3, s6)
  v128.store(c3, s7, 16)
}

/** out[j, i] = from[i, j] for `rows` x `cols`; rows of `from` are `fromRow` floats apart. */
export function transpose(out: usize, from: usize, fromRow: u32, rows: u32, cols: u32): void {
  for (let i: u32 = 0; i < rows; i++) {
    const row = from + (<usize>(i * fromRow) << 2)
    for (let j: u32 = 0; j < cols; j++) {
      store<f32>(out + (<usize>(j * rows + i) << 2), load<f32>(row + (<usize>j << 2)))
    }
  }
}
