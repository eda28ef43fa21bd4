import {
  concatBytes,
  decodeBase64Url,
  encodeBase64Url,
  encodeText,
  equalBytes,
  HeddleError,
} from '../base/index.ts'
import type { CryptoEngine } from '../crypto/index.ts'
import { payloadRoot } from './payload-root.ts'

/** All that block encoding needs of a crypto engine. */
export type BlockHash = Pick<CryptoEngine, 'sha256'>

export type BlockHeader = {
  readonly height: number
  /** Id of the block before; empty for genesis. */
  readonly previous: string
  /** Milliseconds since 1970; strictly increasing over heights. */
  readonly timestampMs: number
  readonly payloadCount: number
  /** Merkle root of the payloads, 32 bytes. */
  readonly payloadRoot: Uint8Array
}

export type DecodedBlock = BlockHeader & {
  /** base64url(sha256(header)). */
  readonly id: string
  readonly payloads: readonly Uint8Array[]
}

/**
 * Integers little-endian:
 *
 *     block  = header · (payload length u32 · payload)…
 *     header = "HDLB" · version u8 (1) · height u64 · timestampMs u64 · previous 32 bytes (genesis:
 *              zeros) · payload count u32 · payload root 32 bytes
 */
export const blockHeaderBytes = 89
const magic = encodeText('HDLB\u0001')
const heightAt = 5
const timestampAt = 13
const previousAt = 21
const countAt = 53
const rootAt = 57

function blockInvalid(what: string): HeddleError {
  return new HeddleError('block-invalid', 'invalid', `not a block: ${what}.`)
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Encodes a header. Throws `block-invalid` where a number or an id does not fit. */
export function encodeBlockHeader(header: BlockHeader): Uint8Array {
  const { height, timestampMs, previous, payloadCount } = header
  for (const value of [height, timestampMs, payloadCount]) {
    if (!Number.isSafeInteger(value) || value < 0) throw blockInvalid(`${value} is out of range`)
  }
  if ((previous === '') !== (height === 0)) throw blockInvalid('only genesis has no block before')
  const previousId = previous === '' ? new Uint8Array(32) : decodeBase64Url(previous)
  if (previousId?.length !== 32) throw blockInvalid(`${previous} is not an id`)
  const bytes = new Uint8Array(blockHeaderBytes)
  const view = viewOf(bytes)
  bytes.set(magic)
  view.setBigUint64(heightAt, BigInt(height), true)
  view.setBigUint64(timestampAt, BigInt(timestampMs), true)
  bytes.set(previousId, previousAt)
  view.setUint32(countAt, payloadCount, true)
  bytes.set(header.payloadRoot, rootAt)
  return bytes
}

/** Reads the header a block starts with. Throws `block-invalid` (invalid). */
export function readBlockHeader(block: Uint8Array): BlockHeader {
  if (block.length < blockHeaderBytes) throw blockInvalid(`${block.length} bytes are too few`)
  if (!equalBytes(block.subarray(0, magic.length), magic)) throw blockInvalid('unknown version')
  const view = viewOf(block)
  const height = Number(view.getBigUint64(heightAt, true))
  const timestampMs = Number(view.getBigUint64(timestampAt, true))
  if (!Number.isSafeInteger(height) || !Number.isSafeInteger(timestampMs)) {
    throw blockInvalid('a number is out of range')
  }
  const previousId = block.subarray(previousAt, countAt)
  const isGenesis = previousId.every((byte) => byte === 0)
  if (isGenesis !== (height === 0)) throw blockInvalid('only genesis has no block before')
  return {
    height,
    previous: isGenesis ? '' : encodeBase64Url(previousId),
    timestampMs,
    payloadCount: view.getUint32(countAt, true),
    payloadRoot: block.slice(rootAt, blockHeaderBytes),
  }
}

/** Id of the block that starts with this header: base64url(sha256(header)). */
export function blockId(block: Uint8Array, hash: BlockHash): string {
  return encodeBase64Url(hash.sha256(block.subarray(0, blockHeaderBytes)))
}

/** Encodes a block from what its maker decides; count and root follow from the payloads. */
export function encodeBlock(
  draft: Pick<BlockHeader, 'height' | 'previous' | 'timestampMs'>,
  payloads: readonly Uint8Array[],
  hash: BlockHash,
): Uint8Array {
  const root = payloadRoot(payloads, hash)
  const header = { ...draft, payloadCount: payloads.length, payloadRoot: root }
  const parts = [encodeBlockHeader(header)]
  for (const payload of payloads) {
    const length = new Uint8Array(4)
    viewOf(length).setUint32(0, payload.length, true)
    parts.push(length, payload)
  }
  return concatBytes(parts)
}

/** Bytes a payload takes in a block. */
export function payloadBytes(payload: Uint8Array): number {
  return 4 + payload.length
}

/**
 * Reads a block and checks its payloads against its header. They are views into `block`.
 * Throws `block-invalid` (invalid).
 */
export function readBlock(block: Uint8Array, hash: BlockHash): DecodedBlock {
  const header = readBlockHeader(block)
  const view = viewOf(block)
  const payloads: Uint8Array[] = []
  let at = blockHeaderBytes
  while (at < block.length) {
    const start = at + 4
    if (start > block.length) throw blockInvalid(`it ends within a length at byte ${at}`)
    at = start + view.getUint32(start - 4, true)
    if (at > block.length) throw blockInvalid(`it ends within the payload at byte ${start}`)
    payloads.push(block.subarray(start, at))
  }
  if (payloads.length !== header.payloadCount) throw blockInvalid('its payload count differs')
  if (!equalBytes(payloadRoot(payloads, hash), header.payloadRoot)) {
    throw blockInvalid('its payloads do not belong to its header')
  }
  return { ...header, id: blockId(block, hash), payloads }
}

/** The first block of a network: its one payload is the network's id. */
export function genesisBlock(networkId: string, timestampMs: number, hash: BlockHash): Uint8Array {
  return encodeBlock({ height: 0, previous: '', timestampMs }, [encodeText(networkId)], hash)
}
