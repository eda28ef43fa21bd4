import { concatBytes, decodeBase64Url, encodeBase64Url, equalBytes } from '../base/index.ts'
import {
  type BlobHash,
  digestBytes,
  hashIds,
  portableBlake3,
  portableSha256,
  treeRoot,
} from '../merkle/index.ts'
import { chunkDamaged, modelRootMismatch, modelTooLong } from './errors.ts'

/** Weights are cut into chunks of this many bytes; the last may have fewer. */
export const chunkBytes = 262_144

/** Longest file of weights: what one WebAssembly memory may hold. */
export const weightBytesMax = 2 ** 32

/** First byte of a node of a model's tree, and of its root; see `hashTags` of the wide lane. */
const nodeTag = 6
const rootTag = 7
const arity = 2

/** A file of weights as its chunks: what names it, and what each chunk is checked by. */
export type ChunkList = {
  readonly sizeBytes: number
  /** Digest of each chunk, one after another. */
  readonly leaves: Uint8Array
  /** What digests and root are made with, one of `hashIds`; SHA-256 where it is absent. */
  readonly hashId?: number
}

/** The hash of a list: `given` where it is that one, the portable one otherwise. */
function hashOf({ hashId = hashIds.sha256 }: ChunkList, given: BlobHash): BlobHash {
  if (given.id === hashId) return given
  return hashId === hashIds.blake3 ? portableBlake3 : portableSha256
}

/** Chunks of a file of `sizeBytes`. Throws `model-invalid` beyond the limit. */
export function chunkCount(sizeBytes: number): number {
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 1 || sizeBytes > weightBytesMax) {
    throw modelTooLong(sizeBytes, weightBytesMax)
  }
  return Math.ceil(sizeBytes / chunkBytes)
}

/** Where chunk `index` lies in its file. */
export function chunkRange(sizeBytes: number, index: number): { from: number; to: number } {
  const from = index * chunkBytes
  return { from, to: Math.min(sizeBytes, from + chunkBytes) }
}

/**
 * The root that names weights: H(7 ‖ size as u64 little-endian ‖ top), `top` being that of the binary
 * tree H(6 ‖ left ‖ right) over the digests of the chunks; a node left alone rises as it is.
 * `given` is used where it is the hash of the list.
 */
export function chunkRoot(list: ChunkList, given: BlobHash): Uint8Array {
  const { sizeBytes, leaves } = list
  const hash = hashOf(list, given)
  const size = new Uint8Array(8)
  new DataView(size.buffer).setBigUint64(0, BigInt(sizeBytes), true)
  const top = treeRoot({ hash, tag: nodeTag, arity }, leaves)
  return hash.digest(concatBytes([Uint8Array.of(rootTag), size, top]))
}

/** Throws `model-root-mismatch` where the chunks are not those of the root. */
export function checkChunkRoot(list: ChunkList, root: string, hash: BlobHash): void {
  const actual = encodeBase64Url(chunkRoot(list, hash))
  if (actual !== root) throw modelRootMismatch(root, actual)
}

/** Throws `chunk-damaged` unless `bytes` are chunk `index`; `given` as in `chunkRoot`. */
export function checkChunk(
  list: ChunkList,
  index: number,
  bytes: Uint8Array,
  given: BlobHash,
): void {
  const { sizeBytes, leaves } = list
  const hash = hashOf(list, given)
  const { from, to } = chunkRange(sizeBytes, index)
  const leaf = leaves.subarray(index * digestBytes, (index + 1) * digestBytes)
  const isWhole = bytes.length === to - from && leaf.length === digestBytes
  if (!isWhole || !equalBytes(hash.digest(bytes), leaf)) throw chunkDamaged(index, from)
}

/** The leaves in base64url, or undefined where they are not `count` digests. */
export function readLeaves(text: string, count: number): Uint8Array | undefined {
  const leaves = decodeBase64Url(text)
  return leaves?.length === count * digestBytes ? leaves : undefined
}
