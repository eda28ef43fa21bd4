import { captureImage, findPages, restoreImage } from '../guest/image/capture.ts'
import { createPageScanner } from '../guest/image/page-scanner.ts'
import type { MemoryImage } from '../guest/ports.ts'
import { type Engine, memoryBytes } from './engine.ts'

const wasmPageBytes = 65_536
const noHostState = new Uint8Array(0)

/** The whole state: between messages the engine's one global, its stack pointer, is at rest. */
export function captureEngine(engine: Engine, worn?: MemoryImage): MemoryImage {
  const scan = createPageScanner(engine.exports.memory, false)
  return captureImage(memoryBytes(engine), scan, noHostState, worn)
}

/**
 * Gives an instance at rest the memory of an image, which the caller has checked to be no shorter. `present` names
 * the pages that may hold anything: of a fresh instance the same ones always.
 */
export function restoreEngine(
  engine: Engine,
  image: MemoryImage,
  present = findPresentPages(engine),
): void {
  const { memory } = engine.exports
  const missing = (image.byteLength - memory.buffer.byteLength) / wasmPageBytes
  if (missing > 0) memory.grow(missing)
  restoreImage(memoryBytes(engine), image, present)
}

/**
 * Gives an instance the memory it had when the image was captured from it; false where it has grown
 * since. Its stack pointer is at rest, as after every evaluation that returned.
 */
export function resetEngine(engine: Engine, image: MemoryImage): boolean {
  if (engine.exports.memory.buffer.byteLength !== image.byteLength) return false
  restoreEngine(engine, image)
  return true
}

/** Pages an instance is not zero in. */
export function findPresentPages(engine: Engine): Uint32Array {
  const { memory } = engine.exports
  const scan = createPageScanner(memory, false)
  return findPages(scan, memory.buffer.byteLength)
}
