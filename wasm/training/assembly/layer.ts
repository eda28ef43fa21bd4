// What lies between the products of a layer, forwards and backwards. Rows are positions.
// Sums over a row run from its first element to its last.
import { exp } from '../../inference/assembly/functions'

// @ts-ignore: decorator
@inline
function at(base: usize, index: u32): usize {
  return base + (<usize>index << 2)
}

/** e^x, as the engine that will run the model has it. */
// @ts-ignore: decorator
@inline
function expOf(x: f32): f32 {
  return <f32>f64x2.extract_lane(exp(f64x2.splat(<f64>x)), 0)
}

/** y = x / rms(x) * w per row; `inverse` keeps 1 / rms of each row for the way back. */
export function normalize(y: usize, inverse: usize, x: usize, w: usize, rows: u32, dim: u32): void {
  for (let row: u32 = 0; row < rows; row++) {
    let sum: f32 = 0
    for (let i: u32 = 0; i < dim; i++) {
      const value = load<f32>(at(x, i))
      sum += value * value
    }
    const scale: f32 = <f32>1 / sqrt<f32>(sum / <f32>dim + <f32>1e-5)
    store<f32>(at(inverse, row), scale)
    for (let i: u32 = 0; i < dim; i++) {
      store<f32>(at(y, i), load<f32>(at(w, i)) * (scale * load<f32>(at(x, i))))
    }
    x = at(x, dim)
    y = at(y, dim)
  }
}

/** Adds to dx and dw what dy means for them. */
export function normalizeBack(
  dx: usize, dw: usize, dy: usize, x: usize, w: usize, inverse: usize, rows: u32, dim: u32,
): void {
  for (let row: u32 = 0; row < rows; row++) {
    const scale = load<f32>(at(inverse, row))
    let along: f32 = 0
    for (let i: u32 = 0; i < dim; i++) {
      const normal = scale * load<f32>(at(x, i))
      const d = load<f32>(at(dy, i))
      along += d * load<f32>(at(w, i)) * normal
      store<f32>(at(dw, i), load<f32>(at(dw, i)) + d * normal)
    }
    along /= <f32>dim
    for (let i: u32 = 0; i < dim; i++) {
      const normal = scale * load<f32>(at(x, i))
      const d = load<f32>(at(dy, i)) * load<f32>(at(w, i))
      store<f32>(at(dx, i), load<f32>(at(dx, i)) + scale * (d - normal * along))
    }
    x = at(x, dim)
    dx = at(dx, dim)
    dy = at(dy, dim)
  }
}

/**
 * Turns each pair of each head by its position's angle, `sign` -1 turns it back. `turns` has cos
 * and sin per position and pair; positions begin again every `length` rows.
 */
export function rotate(
  x: usize, turns: usize, rows: u32, length: u32, dim: u32, headDim: u32, sign: f32,
): void {
  for (let row: u32 = 0; row < rows; row++) {
    const table = at(turns, (row % length) * headDim)
    for (let i: u32 = 0; i < dim; i += 2) {
      const turn = at(table, i % headDim)
      const c = load<f32>(turn)
      const s = load<f32>(turn, 4) * sign
      const a = load<f32>(at(x, i))
      const b = load<f32>(at(x, i + 1))
      store<f32>(at(x, i), a * c - b * s)
      store<f32>(at(x, i + 1), a * s + b * c)
    }
    x = at(x, dim)
  }
}

/** Each row of scores becomes shares of the positions up to it; those after it get 0. */
export function softmaxCausal(p: usize, length: u32, scale: f32): void {
  for (let row: u32 = 0; row < length; row++) {
    let most: f32 = load<f32>(p) * scale
    for (let i: u32 = 0; i <= row; i++) {
      const score = load<f32>(at(p, i)) * scale
      store<f32>(at(p, i), score)
      if (score > most) most = score
    }
    let sum: f32 = 0
    for (let i: u32 = 0; i <= row; i++) {
      const e = expOf(load<f32>(at(p, i)) - most)
      store<f32>(at(p, i), e)
      sum += e
    }
    const inverse: f32 = <f32>1 / sum
    for (let i: u32 = 0; i < length; i++) {
      store<f32>(at(p, i), i <= row ? load<f32>(at(p, i)) * inverse : 0)
    }
    p = at(p, length)
  }
}

/** dp becomes the change of the scores before they were scaled. */
export function softmaxBack(dp: usize, p: usize, length: u32, scale: f32): void {
  for (let row: u32 = 0; row < length; row++) {
    let along: f32 = 0
    for (let i: u32 = 0; i <= row; i++) along += load<f32>(at(dp, i)) * load<f32>(at(p, i))
    for (let i: u32 = 0; i < length; i++) {
      const share = load<f32>(at(p, i))
      store<f32>(at(dp, i), share * (load<f32>(at(dp, i)) - along) * scale)
    }
    p = at(p, length)
    dp = at(dp, length)
  }
}

/** out = gate * sigmoid(gate) * up. */
export function gateUp(out: usize, gate: usize, up: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const g = load<f32>(at(gate, i))
    const share: f32 = <f32>1 / (<f32>1 + expOf(-g))
    store<f32>(at(out, i), g * share * load<f32>(at(up, i)))
  }
}

/** gate and up become their own changes. */
export function gateUpBack(gate: usize, up: usize, dout: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const g = load<f32>(at(gate, i))
    const u = load<f32>(at(up, i))
    const d = load<f32>(at(dout, i))
    const share: f32 = <f32>1 / (<f32>1 + expOf(-g))
    const slope: f32 = share * (<f32>1 + g * (<f32>1 - share))
    store<f32>(at(gate, i), d * u * slope)
    store<f32>(at(up, i), d * g * share)
  }
}
