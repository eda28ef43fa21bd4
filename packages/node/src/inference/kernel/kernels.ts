import { fileURLToPath } from 'node:url'
import { decodeBase64Url, encodeBase64Url } from '@heddle/protocol/base'
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
    most: number,
  ): number
  packQuantized: PackRows
  packNibbles: PackRows
  widenNibbles(out: number, from: number, blocks: number): void
  widenFour(out: number, from: number, blocks: number): void
  widenSix(out: number, from: number, blocks: number): void
}

type PackRows = (
  w: number,
  first: number,
  count: number,
  from: number,
  cols: number,
  most: number,
) => number

const modulePath = fileURLToPath(new URL('inference.wasm', import.meta.url))

/**
 * Hash of the build that first computed these bits: the name of the arithmetic in receipts, which are part of
 * results. A build that gives the same bits (frozen logits, the scalar reference) goes by this name, so that a faster
 * loop or another compiler changes no result. Other bits need another name.
 */
const definition = 'Q84XXOztC4dWcpY-djtbbRbl2mZg4PdriuVK8Q3gL1g'
/** The committed build, shown to give those bits by `set-ups.test.ts` and `reference.test.ts`. */
const build = 'bNEQLsAtlFNjRHAP2gcN-w4Xvo6lb8fHA6TfgP5IDnk'

/** What receipts call kernels with this hash: their own hash where they are not the committed build. */
export function kernelName(hash: Uint8Array): Uint8Array {
  return encodeBase64Url(hash) === build ? (decodeBase64Url(definition) ?? hash) : hash
}

/** The bytes of the kernels. */
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
