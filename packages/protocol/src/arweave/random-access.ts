import { concatBytes, encodeText, equalBytes } from '../base/index.ts'
import type { CryptoEngine } from '../crypto/index.ts'
import { type DataClaim, validatePath } from './data-path.ts'
import { proofInvalid } from './errors.ts'
import { hashBytes } from './limits.ts'
import { encodeNote } from './note.ts'

/** A question only a holder of the whole data can be sure to answer. */
export type StorageChallenge = DataClaim & {
  /** 32 bytes the holder could not foresee. */
  readonly nonce: Uint8Array
  /** How many bytes are asked for. */
  readonly count: number
}

/** The chunk that holds one asked byte, and its path to the root. */
export type StorageAnswer = { readonly bytes: Uint8Array; readonly path: Uint8Array }

/** More chunks than this are asked for in several challenges. */
export const storageAnswersMax = 32

const domain = encodeText('heddle storage challenge 1')

/**
 * The bytes a challenge asks for: SHA-256 over domain, nonce, root, size and number, the first 15 bytes
 * of it modulo the size. Whoever holds all but a share f of the data fails a challenge of n bytes
 * with chance 1 - (1 - f)^n. Throws `proof-invalid` for a challenge that asks nothing.
 */
export function challengedOffsets(
  { nonce, root, sizeBytes, count }: StorageChallenge,
  engine: CryptoEngine,
): number[] {
  if (nonce.length !== hashBytes || root.length !== hashBytes) {
    throw proofInvalid('needs a nonce and a root of 32 bytes each')
  }
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 1) {
    throw proofInvalid('needs data of at least one byte')
  }
  if (!Number.isInteger(count) || count < 1 || count > storageAnswersMax) {
    throw proofInvalid(`asks for 1 to ${storageAnswersMax} bytes`)
  }
  const size = encodeNote(sizeBytes)
  return Array.from({ length: count }, (_, i) => {
    const digest = engine.sha256(concatBytes([domain, nonce, root, size, encodeNote(i)]))
    // 120 bits over at most 53: no byte is favoured by more than 2^-67.
    let number = 0n
    for (const byte of digest.subarray(0, 15)) number = (number << 8n) | BigInt(byte)
    return Number(number % BigInt(sizeBytes))
  })
}

/** Tells whether the answers prove that the answerer has every byte asked for, in their order. */
export function verifyStorageProof(
  challenge: StorageChallenge,
  answers: readonly StorageAnswer[],
  engine: CryptoEngine,
): boolean {
  const offsets = challengedOffsets(challenge, engine)
  if (answers.length !== offsets.length) return false
  return answers.every(({ bytes, path }, i) => {
    const proven = validatePath(challenge, offsets[i] ?? -1, path, engine)
    return (
      proven !== undefined &&
      proven.toByte - proven.fromByte === bytes.length &&
      equalBytes(proven.dataHash, engine.sha256(bytes))
    )
  })
}
