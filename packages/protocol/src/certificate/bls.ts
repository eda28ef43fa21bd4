import { bls12_381 } from '@noble/curves/bls12-381.js'

export const blsKeyBytes = 48
export const blsSignatureBytes = 96

/**
 * BLS12-381 with keys in G1 and signatures in G2, ciphersuite
 * BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_ (draft-irtf-cfrg-bls-signature §4.2.3). Engines differ
 * in speed only. Malformed points make a check false, never a throw.
 */
export type BlsEngine = {
  /** A point of the right group that is not the identity, compressed. */
  isKey(key: Uint8Array): boolean
  /**
   * Whether the aggregate of signatures by all keys over the one message holds. The keys must have
   * proved possession: the scheme is open to rogue keys otherwise.
   */
  verifyAggregate(keys: readonly Uint8Array[], message: Uint8Array, signature: Uint8Array): boolean
  /** The sum of well-formed signatures; undefined where one is not a point of the group. */
  aggregate(signatures: readonly Uint8Array[]): Uint8Array | undefined
}

/** A storer's key in use. */
export type BlsSigner = {
  /** 48 bytes, compressed. */
  readonly key: Uint8Array
  sign(message: Uint8Array): Uint8Array
}

const suite = 'BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_'
const signatures = bls12_381.longSignatures

/** BLS that runs anywhere; a check takes about 0.2 s and 3 ms for each key. */
export const portableBls: BlsEngine = {
  isKey: (key) => keyPoint(key) !== undefined,
  verifyAggregate(keys, message, signature) {
    const points = keys.map(keyPoint).filter((point) => point !== undefined)
    if (points.length === 0 || points.length !== keys.length) return false
    return (
      holds(() => {
        const key = signatures.aggregatePublicKeys(points)
        return signatures.verify(signature, signatures.hash(message, suite), key)
      }) ?? false
    )
  },
  aggregate: (parts) =>
    holds(() => {
      const points = parts.map((part) => signatures.Signature.fromBytes(part))
      return signatures.Signature.toBytes(signatures.aggregateSignatures(points))
    }),
}

type KeyPoint = ReturnType<typeof bls12_381.G1.Point.fromBytes>

function keyPoint(key: Uint8Array): KeyPoint | undefined {
  return holds(() => {
    const point = bls12_381.G1.Point.fromBytes(key)
    point.assertValidity()
    return point.is0() || key.length !== blsKeyBytes ? undefined : point
  })
}

/** The library throws on points it cannot read; for us they do not hold. */
function holds<T>(check: () => T): T | undefined {
  try {
    return check()
  } catch {
    return undefined
  }
}
