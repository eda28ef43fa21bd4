import blst from '@chainsafe/blst'
import { type BlsEngine, type BlsSigner, blsKeyBytes } from '@heddle/protocol/certificate'

type PublicKey = ReturnType<typeof blst.PublicKey.fromBytes>

/** Checked points by the array that holds their bytes: a storer set is used for many blobs. */
const knownKeys = new WeakMap<Uint8Array, PublicKey>()

/** BLS12-381 by blst: 1 ms a signature, 2 ms to check an aggregate. Keys must not change later. */
export const nativeBls: BlsEngine = {
  isKey: (key) => keyPoint(key) !== undefined,
  verifyAggregate(keys, message, signature) {
    const points = keys.map(keyPoint).filter((point) => point !== undefined)
    if (points.length === 0 || points.length !== keys.length) return false
    return (
      holds(() =>
        blst.fastAggregateVerify(message, points, blst.Signature.fromBytes(signature), true),
      ) ?? false
    )
  },
  aggregate: (signatures) =>
    holds(() => plain(blst.aggregateSerializedSignatures([...signatures], true).toBytes())),
}

/** A storer's key from 32 secret bytes (key derivation of draft-irtf-cfrg-bls-signature §2.3). */
export function blsSigner(secret32: Uint8Array): BlsSigner {
  const secret = blst.SecretKey.fromKeygen(secret32)
  const key = plain(secret.toPublicKey().toBytes())
  return { key, sign: (message) => plain(secret.sign(message).toBytes()) }
}

function keyPoint(key: Uint8Array): PublicKey | undefined {
  const known = knownKeys.get(key)
  if (known !== undefined) return known
  if (key.length !== blsKeyBytes) return undefined
  const point = holds(() => blst.PublicKey.fromBytes(key, true))
  if (point !== undefined) knownKeys.set(key, point)
  return point
}

function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes)
}

/** The library throws on points it cannot read; for us they do not hold. */
function holds<T>(check: () => T): T | undefined {
  try {
    return check()
  } catch {
    return undefined
  }
}
