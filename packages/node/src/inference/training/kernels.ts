import { fileURLToPath } from 'node:url'
import { kernelMissing } from '../errors.ts'
import type { InferencePorts } from '../ports.ts'

/** The exports of training.wasm; addresses in bytes, sizes in floats (wasm/training/assembly). */
export type Kernels = {
  product(
    c: number,
    cRow: number,
    keep: boolean,
    a: number,
    aRow: number,
    aStep: number,
    b: number,
    bRow: number,
    m: number,
    n: number,
    k: number,
  ): void
  transpose(out: number, from: number, fromRow: number, rows: number, cols: number): void
  normalize(y: number, inverse: number, x: number, w: number, rows: number, dim: number): void
  normalizeBack(
    dx: number,
    dw: number,
    dy: number,
    x: number,
    w: number,
    inverse: number,
    rows: number,
    dim: number,
  ): void
  rotate(
    x: number,
    turns: number,
    rows: number,
    length: number,
    dim: number,
    headDim: number,
    sign: number,
  ): void
  softmaxCausal(p: number, length: number, scale: number): void
  softmaxBack(dp: number, p: number, length: number, scale: number): void
  gateUp(out: number, gate: number, up: number, count: number): void
  gateUpBack(gate: number, up: number, dout: number, count: number): void
  embed(x: number, embedding: number, tokens: number, rows: number, dim: number): void
  embedBack(dEmbedding: number, dx: number, tokens: number, rows: number, dim: number): void
  add(y: number, x: number, count: number): void
  lossBack(
    logits: number,
    targets: number,
    sums: number,
    margins: number,
    rows: number,
    vocab: number,
    weight: number,
  ): void
  squares(x: number, count: number): number
  adam(
    w: number,
    g: number,
    m: number,
    v: number,
    count: number,
    rate: number,
    clip: number,
    rise1: number,
    rise2: number,
  ): void
}

const modulePath = fileURLToPath(new URL('../kernel/training.wasm', import.meta.url))

/** The bytes of the kernels, whose hash is in every record. */
export async function readTrainingKernels(disk: InferencePorts['disk']): Promise<Uint8Array> {
  const bytes = await disk.read(modulePath)
  if (bytes === undefined) throw kernelMissing(modulePath)
  return bytes
}

/** Instantiates the kernels over `memory`. They import nothing else. */
export function startKernels(module: Uint8Array, memory: WebAssembly.Memory): Kernels {
  const compiled = new WebAssembly.Module(new Uint8Array(module))
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as Kernels
}
