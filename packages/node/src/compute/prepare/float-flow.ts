import { valueType } from './decode.ts'
import { shape } from './instructions.ts'

/**
 * Which values may be a NaN whose bits the engine chose, and where that must end.
 *
 * A value on the operand stack is `raw` (its bits are fixed by the specification), `plain` (a
 * constant that is no NaN), or the number of a producer: an arithmetic instruction, or a read of a
 * local. Arithmetic and comparisons of the same lanes are blind to NaN bits and may take any of
 * them. Everything else (a store, a call, a branch, reinterpretation, sign operations…) may show
 * them: it *demands* the value, and the canonical NaN is put in where the value was produced.
 *
 * A local is *lazy* where every value it ever gets is arithmetic of one shape, or plain: then its
 * bits may stay free until a read of it is demanded, and loops that only sum pay nothing. Other
 * locals demand what is put into them, so that a loaded payload is kept as it is.
 */
export const raw = 0
export const plain = -1

const notLocal = -1

export class FloatFlow {
  readonly #localTypes: Uint8Array
  readonly #at: number[] = [0]
  readonly #shape: number[] = [0]
  readonly #local: number[] = [notLocal]
  readonly #demanded: boolean[] = [false]
  /** Shapes in which a read of a local was taken by instructions that are blind to NaN bits. */
  readonly #takenAs: number[] = [0]
  /** What was put into locals: pairs of local and value. */
  readonly #puts: [number, number][] = []

  /** Types of parameters and locals; a parameter comes from outside and is never lazy. */
  constructor(localTypes: Uint8Array, parameterCount: number) {
    this.#localTypes = localTypes
    for (let local = 0; local < parameterCount; local++)
      if (isFloat(localTypes[local])) this.#puts.push([local, raw])
  }

  /** The result of arithmetic that ends at `at`. */
  produce(at: number, lanes: number): number {
    return this.#add(at, lanes, notLocal)
  }

  /** The value that `local.get` or `local.tee`, ending at `at`, leaves. */
  readLocal(at: number, local: number): number {
    return isFloat(this.#localTypes[local]) ? this.#add(at, 0, local) : raw
  }

  writeLocal(local: number, value: number): void {
    if (isFloat(this.#localTypes[local])) this.#puts.push([local, value])
  }

  /** An instruction takes `value` that may see all of its bits, or only the lanes of `lanes`. */
  take(value: number, lanes: number): void {
    if (value <= 0) return
    if (lanes === 0) this.#demanded[value] = true
    else if (this.#local[value] !== notLocal) this.#takenAs[value] = lanes | this.#taken(value)
    else if (this.#shape[value] !== lanes) this.#demanded[value] = true
  }

  /** Where the canonical NaN must be put in, and the shape of the value that is there. */
  demands(): { readonly at: number; readonly lanes: number }[] {
    const lazy = this.#lazyShapes()
    for (const [local, value] of this.#puts) if (lazy.get(local) === undefined) this.take(value, 0)
    const found: { at: number; lanes: number }[] = []
    this.#at.forEach((at, value) => {
      const local = this.#local[value] ?? notLocal
      const lanes = local === notLocal ? (this.#shape[value] ?? 0) : (lazy.get(local) ?? 0)
      const mistaken = local !== notLocal && (this.#taken(value) & ~lanes) !== 0
      if (lanes !== 0 && (this.#demanded[value] || mistaken)) found.push({ at, lanes })
    })
    return found
  }

  #add(at: number, lanes: number, local: number): number {
    this.#at.push(at)
    this.#shape.push(lanes)
    this.#local.push(local)
    this.#demanded.push(false)
    this.#takenAs.push(0)
    return this.#at.length - 1
  }

  #taken(value: number): number {
    return this.#takenAs[value] ?? 0
  }

  /** Lazy locals and their shapes. */
  #lazyShapes(): Map<number, number> {
    const shapes = new Map<number, number>()
    const spoilt = new Set<number>()
    const copies = new Map<number, number[]>()
    for (const [local, value] of this.#puts) {
      const source = value > 0 ? this.#local[value] : notLocal
      if (value === raw) spoilt.add(local)
      else if (source !== undefined && source !== notLocal) {
        const targets = copies.get(source)
        if (targets === undefined) copies.set(source, [local])
        else targets.push(local)
      } else if (value > 0) shapes.set(local, (shapes.get(local) ?? 0) | (this.#shape[value] ?? 0))
    }
    spread([...shapes.keys()], copies, (from, to) => {
      const joined = (shapes.get(to) ?? 0) | (shapes.get(from) ?? 0)
      const changed = joined !== shapes.get(to)
      shapes.set(to, joined)
      return changed
    })
    for (const [local, lanes] of shapes) if ((lanes & (lanes - 1)) !== 0) spoilt.add(local)
    spread([...spoilt], copies, (_from, to) => !spoilt.has(to) && spoilt.add(to) !== undefined)
    for (const local of spoilt) shapes.delete(local)
    return shapes
  }
}

/** Follows copies from local to local as long as `pass` says that something changed. */
function spread(
  start: number[],
  copies: ReadonlyMap<number, number[]>,
  pass: (from: number, to: number) => boolean,
): void {
  const waiting = start
  for (let from = waiting.pop(); from !== undefined; from = waiting.pop())
    for (const to of copies.get(from) ?? []) if (pass(from, to)) waiting.push(to)
}

function isFloat(type: number | undefined): boolean {
  return type === valueType.f32 || type === valueType.f64 || type === valueType.v128
}

/** Shape of a float value of a type that JavaScript gave. */
export function shapeOfType(type: number): number {
  if (type === valueType.f32) return shape.f32
  return type === valueType.f64 ? shape.f64 : raw
}
