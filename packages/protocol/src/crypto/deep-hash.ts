import { concatBytes, encodeText } from '../base/index.ts'
import type { CryptoEngine } from './engine.ts'

/** A tree of byte strings, the input of {@link deepHash}. */
export type DeepHashChunk = Uint8Array | readonly DeepHashChunk[]

/**
 * Arweave's deep hash: SHA-384 over a tree, where each node is tagged with its kind and length, so
 * no two different trees share an input. Returns 48 bytes.
 */
export function deepHash(chunk: DeepHashChunk, engine: CryptoEngine): Uint8Array {
  if (chunk instanceof Uint8Array) {
    const tag = engine.sha384(encodeText(`blob${chunk.length}`))
    return engine.sha384(concatBytes([tag, engine.sha384(chunk)]))
  }
  return extendDeepHash(startDeepHash(chunk.length, engine), chunk, engine)
}

/** The state of a list of `length` parts of which none is folded in. */
export function startDeepHash(length: number, engine: CryptoEngine): Uint8Array {
  return engine.sha384(encodeText(`list${length}`))
}

/** The state after folding in further parts; after the last one it is the list's deep hash. */
export function extendDeepHash(
  state: Uint8Array,
  parts: readonly DeepHashChunk[],
  engine: CryptoEngine,
): Uint8Array {
  return parts.reduce<Uint8Array>(
    (folded, part) => engine.sha384(concatBytes([folded, deepHash(part, engine)])),
    state,
  )
}
