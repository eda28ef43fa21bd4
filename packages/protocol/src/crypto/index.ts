export {
  type DeepHashChunk,
  deepHash,
  extendDeepHash,
  foldDigest,
  startDeepHash,
} from './deep-hash.ts'
export { ed25519PublicKey, isEd25519Shape, signEd25519 } from './ed25519.ts'
export type { CryptoEngine, Verdict } from './engine.ts'
export { ethereumAddress, personalMessageDigest } from './ethereum.ts'
export { portableCrypto } from './portable.ts'
export { isRsaShape } from './rsa-pss.ts'
export { isLowS, secp256k1PublicKey, signSecp256k1 } from './secp256k1.ts'
export { type StreamHash, startPortableSha384 } from './stream-hash.ts'
