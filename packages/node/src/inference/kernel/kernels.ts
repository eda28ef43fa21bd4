import { fileURLToPath } from 'node:url'
import { kernelMissing } from '../errors.ts'
import type { InferencePorts } from '../ports.ts'

/** The exports of inference.wasm; addresses and sizes as its sources say (wasm/inference). */
export type Kernels = {
  forward(
    model: number,
    tokens: number,
    count: number,
    position: number,
    cache: number,
    wanted: boolean,
  ): void
  checkWeights(at: number, count: number, most: number): number
  widenHalf(out: number, from: number, count: number): void
  widenQuantized(out: number, from: number, blocks: number): void
  quantizeRows(
    w: number,
    first: number,
    count: number,
    from: number,
    cols: number,
    group: number,
    scratch: number,
  ): void
  packQuantized(
    w: number,
    first: number,
    count: number,
    from: number,
    cols: number,
    most: number,
  ): number
}

const modulePath = fileURLToPath(new URL('inference.wasm', import.meta.url))

/** The bytes of the kernels; their hash names the definition of every answer. */
export async function readKernelModule(disk: InferencePorts['disk']): Promise<Uint8Array> {
  const bytes = await disk.read(modulePath)
  if (bytes === undefined) throw kernelMissing(modulePath)
  return bytes
}

/** Instantiates the kernels over `memory`. They import nothing else. */
export async function startKernels(
  module: Uint8Array,
  memory: WebAssembly.Memory,
): Promise<Kernels> {
  const bytes = new Uint8Array(module)
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } })
  return instance.exports as Kernels
}
