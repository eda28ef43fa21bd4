import { fileURLToPath } from 'node:url'
import { HeddleError } from '@heddle/protocol/base'
import type { DiskPort } from './ports.ts'

/** What wasm/erasure/assembly/kernel.ts exports; every number is an address or a count of bytes. */
export type Kernel = {
  heapBase(): number
  scratchBytes(): number
  encode(
    data: number,
    parity: number,
    scratch: number,
    k: number,
    n: number,
    pieceBytes: number,
  ): void
  decodeByMatrix(plan: number, k: number, wanted: number, pieceBytes: number): void
  decodeByTransform(
    plan: number,
    scratch: number,
    k: number,
    wanted: number,
    n: number,
    length: number,
    pieceBytes: number,
  ): void
}

/** Compiles the kernel that lies beside this file. The module may be sent to worker threads. */
export async function loadErasureKernel(disk: DiskPort): Promise<WebAssembly.Module> {
  const path = fileURLToPath(new URL('erasure.wasm', import.meta.url))
  const bytes = await disk.read(path)
  if (bytes === undefined) {
    const message = `the erasure kernel ${path} is not there: install the package again.`
    throw new HeddleError('erasure-kernel-missing', 'internal', message, { path })
  }
  return WebAssembly.compile(Uint8Array.from(bytes))
}

/** Starts the kernel on a memory of its own. */
export function startKernel(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernel {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as Kernel
}
