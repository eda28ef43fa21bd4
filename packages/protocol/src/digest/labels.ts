import { assert, concatBytes, encodeText } from '../base/index.ts'
import type { CryptoEngine } from '../crypto/index.ts'

export type Sha256 = Pick<CryptoEngine, 'sha256'>

export const digestBytes = 32

/**
 * What a hash input begins with: the length of the label, and the label. It carries the version.
 */
function labelText(label: string): string {
  return String.fromCharCode(label.length) + label
}

function labelBytes(label: string): Uint8Array {
  return encodeText(labelText(label))
}

/** The label of results as text: it is encoded together with the result. */
export const resultLabel = labelText('heddle-result-1')

/**
 * What is hashed, and where. Two inputs of different kinds never begin alike (spec/06-digests.md
 * §1).
 */
export const labels = {
  chainStart: labelBytes('heddle-result-chain-start-1'),
  chain: labelBytes('heddle-result-chain-1'),
  pageNode: labelBytes('heddle-page-node-1'),
  state: labelBytes('heddle-state-1'),
} as const

/** sha256(label ‖ parts). */
export function labelledHash(
  { sha256 }: Sha256,
  label: Uint8Array,
  parts: readonly Uint8Array[],
): Uint8Array {
  return sha256(concatBytes([label, ...parts]))
}

export function assertDigest(bytes: Uint8Array, what: string): void {
  assert(bytes.length === digestBytes, `${what} is ${digestBytes} bytes`)
}

/** A whole number below 2^53 as 8 bytes, little-endian. */
export function u64(value: number): Uint8Array {
  assert(Number.isSafeInteger(value) && value >= 0, `${value} is a whole number below 2^53`)
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true)
  return bytes
}
