import { equalBytes } from '../base/index.ts'
import type { CryptoEngine } from '../crypto/index.ts'
import { branchId, leafId } from './data-tree.ts'
import { branchBytes, chunkBytesMax, hashBytes, leafBytes, transactionLimits } from './limits.ts'
import { decodeNote } from './note.ts'

/** What a valid path proves: the chunk of bytes `fromByte` to, without, `toByte` has this hash. */
export type ProvenChunk = {
  readonly dataHash: Uint8Array
  readonly fromByte: number
  readonly toByte: number
}

/** The data set a path belongs to. */
export type DataClaim = {
  /** 32 bytes. */
  readonly root: Uint8Array
  readonly sizeBytes: number
}

/** Branches found right before, by their id: neighbours share most of their paths. */
export type CheckedBranches = Map<string, Uint8Array>

/**
 * Walks a data_path from the root to the chunk that holds byte `offset`. Undefined where it does not
 * lead there. Stricter than arweave-js: lengths are exact, offsets are never moved into range,
 * every note lies within the bounds above it, and the leaf ends where its bounds do, so a path
 * proves one range and nothing beside it. `checked` spares hashing what earlier paths shared; it
 * grows by every new branch, so the caller bounds its life.
 */
export function validatePath(
  { root, sizeBytes }: DataClaim,
  offset: number,
  path: Uint8Array,
  engine: CryptoEngine,
  checked?: CheckedBranches,
): ProvenChunk | undefined {
  if (!Number.isSafeInteger(offset) || offset < 0 || !(offset < sizeBytes)) return undefined
  if (path.length > transactionLimits.pathBytes) return undefined
  if (path.length % branchBytes !== leafBytes) return undefined
  let id = root
  let fromByte = 0
  let toByte = sizeBytes
  let at = 0
  for (; at + leafBytes < path.length; at += branchBytes) {
    const left = path.subarray(at, at + hashBytes)
    const right = path.subarray(at + hashBytes, at + 2 * hashBytes)
    const noteBytes = path.subarray(at + 2 * hashBytes, at + branchBytes)
    const note = decodeNote(noteBytes)
    // The right side may be empty: the leaf of no bytes after a last chunk of 256 KiB.
    if (note === undefined || note <= fromByte || note > toByte) return undefined
    if (!isBranch(id, path.subarray(at, at + branchBytes), engine, checked)) return undefined
    const isLeft = offset < note
    id = isLeft ? left : right
    if (isLeft) toByte = note
    else fromByte = note
  }
  const dataHash = path.subarray(at, at + hashBytes)
  const noteBytes = path.subarray(at + hashBytes)
  if (decodeNote(noteBytes) !== toByte || toByte - fromByte > chunkBytesMax) return undefined
  if (!equalBytes(id, leafId(dataHash, noteBytes, engine))) return undefined
  return { dataHash, fromByte, toByte }
}

function isBranch(
  id: Uint8Array,
  branch: Uint8Array,
  engine: CryptoEngine,
  checked: CheckedBranches | undefined,
): boolean {
  const key = checked === undefined ? '' : String.fromCharCode(...id)
  const known = checked?.get(key)
  if (known !== undefined && equalBytes(known, branch)) return true
  const left = branch.subarray(0, hashBytes)
  const right = branch.subarray(hashBytes, 2 * hashBytes)
  const holds = equalBytes(id, branchId(left, right, branch.subarray(2 * hashBytes), engine))
  if (holds) checked?.set(key, branch)
  return holds
}

/** What a client posts to prove and hand over one chunk. */
export type PostedChunk = {
  readonly root: Uint8Array
  readonly sizeBytes: number
  /** Any byte in the chunk; clients name its last. */
  readonly offset: number
  readonly path: Uint8Array
  readonly bytes: Uint8Array
}
