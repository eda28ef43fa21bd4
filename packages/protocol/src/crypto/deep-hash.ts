import { encodeText } from '../base/index.ts'
import type { CryptoEngine } from './engine.ts'

/** A tree of byte strings, the input of {@link deepHash}. */
export type DeepHashChunk = Uint8Array | readonly DeepHashChunk[]

const digestBytes = 48
/** Most chunks of an item are shorter; the digests of their tags are worth remembering. */
const rememberedLengths = 4096

/** Digests of `blob<length>` by length. Values of a pure function, so sharing them is harmless. */
const blobTags = new WeakMap<CryptoEngine, (Uint8Array | undefined)[]>()
/** Two digests side by side; used and left within one synchronous call. */
const pair = new Uint8Array(2 * digestBytes)

/**
 * Arweave's deep hash: SHA-384 over a tree, where each node is tagged with its kind and length, so
 * no two different trees share an input. Returns 48 bytes.
 */
export function deepHash(chunk: DeepHashChunk, engine: CryptoEngine): Uint8Array {
  if (chunk instanceof Uint8Array) {
    if (chunk.length === 0) return emptyBlob(engine)
    return hashPair(blobTag(chunk.length, engine), engine.sha384(chunk), engine)
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
    (folded, part) => hashPair(folded, deepHash(part, engine), engine),
    state,
  )
}

/** Folds in one blob of which only the length and the SHA-384 are known: it may be of any size. */
export function foldDigest(
  state: Uint8Array,
  blob: { readonly sizeBytes: number; readonly sha384: Uint8Array },
  engine: CryptoEngine,
): Uint8Array {
  const hash = hashPair(blobTag(blob.sizeBytes, engine), blob.sha384, engine)
  return hashPair(state, hash, engine)
}

/** Targets, anchors and data are often absent. */
const emptyBlobs = new WeakMap<CryptoEngine, Uint8Array>()

function emptyBlob(engine: CryptoEngine): Uint8Array {
  const known = emptyBlobs.get(engine)
  if (known !== undefined) return known
  const empty = engine.sha384(new Uint8Array(0))
  const digest = hashPair(blobTag(0, engine), empty, engine)
  emptyBlobs.set(engine, digest)
  return digest
}

function hashPair(left: Uint8Array, right: Uint8Array, engine: CryptoEngine): Uint8Array {
  pair.set(left, 0)
  pair.set(right, digestBytes)
  return engine.sha384(pair)
}

function blobTag(length: number, engine: CryptoEngine): Uint8Array {
  if (length >= rememberedLengths) return engine.sha384(encodeText(`blob${length}`))
  let tags = blobTags.get(engine)
  if (tags === undefined) {
    tags = new Array(rememberedLengths)
    blobTags.set(engine, tags)
  }
  tags[length] ??= engine.sha384(encodeText(`blob${length}`))
  return tags[length]
}
