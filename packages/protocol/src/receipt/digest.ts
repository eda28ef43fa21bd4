import { concatBytes, encodeText } from '../base/index.ts'
import { linkAt, linkBytes, type Receipt, type Sha256 } from './receipt.ts'

const promptLabel = encodeText('heddle-prompt-1')

/** H('heddle-prompt-1' ‖ tokens as u32 little-endian). */
export function promptDigest(tokens: readonly number[], sha256: Sha256): Uint8Array {
  const words = new Uint8Array(tokens.length * 4)
  const view = new DataView(words.buffer)
  for (const [i, token] of tokens.entries()) view.setUint32(i * 4, token, true)
  return sha256(concatBytes([promptLabel, words]))
}

/**
 * Digest of all steps up to each: d(n) = H(d(n-1) ‖ link n ‖ token n as u32 little-endian), from 32 zero
 * bytes. Two answers with equal d(n) agree on every step up to n, which is what bisection needs.
 */
export function stepDigests(
  { tokens, links }: Pick<Receipt, 'tokens' | 'links'>,
  sha256: Sha256,
): Uint8Array {
  const digests = new Uint8Array(tokens.length * linkBytes)
  const input = new Uint8Array(2 * linkBytes + 4)
  const view = new DataView(input.buffer)
  for (const [step, token] of tokens.entries()) {
    input.set(linkAt(links, step), linkBytes)
    view.setUint32(2 * linkBytes, token, true)
    const digest = sha256(input)
    digests.set(digest, step * linkBytes)
    input.set(digest)
  }
  return digests
}
