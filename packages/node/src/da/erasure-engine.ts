import { assert } from '@heddle/protocol/base'
import {
  blockBytes,
  checkDecode,
  checkEncode,
  type ErasureEngine,
  lagrangeCoefficients,
  locateErasures,
  type Row,
  rowsMax,
  type StripeShape,
} from '@heddle/protocol/erasure'
import { arenaExhausted, pieceTooLong } from './errors.ts'
import { type Kernel, startKernel } from './kernel.ts'
import { arenaBytesDefault, matrixRowsMax, pieceBytesMax } from './options.ts'

const pageBytes = 65536
const fixedPages = 32

/** The widest plan: a matrix of 256 wanted rows, each an address and 64 coefficients. */
const planBytes = 4 * (64 + rowsMax * 65)

/** An erasure engine with memory of its own; see `openErasureEngine`. */
export type WasmErasure = ErasureEngine & {
  /**
   * A buffer inside the engine's memory that stays for its life. Stripes and rows that lie in such
   * buffers are worked on where they are; others are copied in and out. It is a view of shared
   * memory: another thread may be sent it and reads the same bytes.
   */
  allocate(bytes: number): Uint8Array
}

/**
 * Runs the WASM kernel (`loadErasureKernel`). Each engine has its own memory, so every thread opens
 * one for itself. `arenaBytes` is the room for `allocate`, fixed for its life: buffers never move.
 */
export function openErasureEngine(
  kernel: WebAssembly.Module,
  options: { arenaBytes?: number } = {},
): WasmErasure {
  return new ErasureArena(kernel, options.arenaBytes ?? arenaBytesDefault)
}

class ErasureArena implements WasmErasure {
  readonly #bytes: Uint8Array
  readonly #words: Uint32Array
  readonly #kernel: Kernel
  readonly #plan: number
  readonly #scratch: number
  /** Where one stripe is copied to when it lies outside of the memory. */
  readonly #staging: number
  #next: number

  constructor(kernel: WebAssembly.Module, arenaBytes: number) {
    // The first pages hold the module's tables, scratch and plan; asserted below.
    const fixedBytes = fixedPages * pageBytes + rowsMax * pieceBytesMax
    const pages = Math.ceil((fixedBytes + arenaBytes) / pageBytes)
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
    this.#kernel = startKernel(kernel, memory)
    this.#bytes = new Uint8Array(memory.buffer)
    this.#words = new Uint32Array(memory.buffer)
    this.#plan = align(this.#kernel.heapBase())
    this.#scratch = align(this.#plan + planBytes)
    this.#staging = align(this.#scratch + this.#kernel.scratchBytes())
    this.#next = this.#staging + rowsMax * pieceBytesMax
    assert(this.#next + arenaBytes <= this.#bytes.length, 'the arena lies behind what is fixed')
  }

  allocate(bytes: number): Uint8Array {
    const freeBytes = this.#bytes.length - this.#next
    if (!(bytes <= freeBytes)) throw arenaExhausted(bytes, freeBytes)
    const at = this.#next
    this.#next = align(at + bytes)
    return this.#bytes.subarray(at, at + bytes)
  }

  encode(shape: StripeShape, data: Uint8Array, parity: Uint8Array): void {
    checkEncode(shape, data, parity)
    const { k, n, pieceBytes } = shape
    checkPiece(pieceBytes)
    const from = this.#addressOf(data) ?? this.#copyIn(data, 0)
    const to = this.#addressOf(parity)
    const staged = this.#staging + k * pieceBytes
    this.#kernel.encode(from, to ?? staged, this.#scratch, k, n, pieceBytes)
    if (to === undefined) parity.set(this.#bytes.subarray(staged, staged + parity.length))
  }

  decode(
    shape: StripeShape,
    rows: readonly Row[],
    wanted: readonly number[],
    out: Uint8Array,
  ): void {
    const used = checkDecode(shape, rows, wanted, out)
    const { pieceBytes } = shape
    checkPiece(pieceBytes)
    const pieces = new Map(used.map(({ index, piece }) => [index, piece]))
    const missing: { index: number; at: number }[] = []
    wanted.forEach((index, at) => {
      const piece = pieces.get(index)
      if (piece === undefined) missing.push({ index, at: at * pieceBytes })
      else out.set(piece, at * pieceBytes)
    })
    if (missing.length === 0) return
    const sources = used.map(
      ({ piece }, i) => this.#addressOf(piece) ?? this.#copyIn(piece, i * pieceBytes),
    )
    const target = this.#addressOf(out)
    const staged = this.#staging + used.length * pieceBytes
    const targets = missing.map(({ at }, i) =>
      target === undefined ? staged + i * pieceBytes : target + at,
    )
    this.#recover(shape, used, sources, missing, targets)
    if (target !== undefined) return
    missing.forEach(({ at }, i) => {
      const from = staged + i * pieceBytes
      out.set(this.#bytes.subarray(from, from + pieceBytes), at)
    })
  }

  #recover(
    { k, n, pieceBytes }: StripeShape,
    used: readonly Row[],
    sources: readonly number[],
    missing: readonly { readonly index: number }[],
    targets: readonly number[],
  ): void {
    const known = used.map(({ index }) => index)
    const wanted = missing.map(({ index }) => index)
    const [at, scratch] = [this.#plan, this.#scratch]
    // The transform gives data rows only; what it costs does not depend on how many.
    if (wanted.length > matrixRowsMax && wanted.every((index) => index < k)) {
      const { length, knownScales, wantedScales } = locateErasures(n, known, wanted)
      const plan = [
        ...known.map((index, i) => [index, sources[i] ?? 0, knownScales[i] ?? 0]),
        ...wanted.map((index, i) => [index, targets[i] ?? 0, wantedScales[i] ?? 0]),
      ]
      this.#words.set(plan.flat(), at >> 2)
      this.#kernel.decodeByTransform(at, scratch, k, wanted.length, n, length, pieceBytes)
    } else {
      const rows = wanted.map((index, i) => [
        targets[i] ?? 0,
        ...lagrangeCoefficients(known, index),
      ])
      this.#words.set([...sources, ...rows.flat()], at >> 2)
      this.#kernel.decodeByMatrix(at, k, wanted.length, pieceBytes)
    }
  }

  #addressOf(view: Uint8Array): number | undefined {
    return view.buffer === this.#bytes.buffer ? view.byteOffset : undefined
  }

  #copyIn(bytes: Uint8Array, offset: number): number {
    this.#bytes.set(bytes, this.#staging + offset)
    return this.#staging + offset
  }
}

function checkPiece(pieceBytes: number): void {
  if (pieceBytes > pieceBytesMax) throw pieceTooLong(pieceBytes, pieceBytesMax)
}

function align(address: number): number {
  return Math.ceil(address / blockBytes) * blockBytes
}
