import { encodeText } from '../base/index.ts'
import {
  ed25519PublicKey,
  ethereumAddress,
  personalMessageDigest,
  portableCrypto,
  secp256k1PublicKey,
  signEd25519,
  signSecp256k1,
} from '../crypto/index.ts'
import type { Signer } from './item.ts'
import { ed25519Type, ethereumType, solanaType, typedEthereumType } from './signature-type.ts'
import { solanaMessage } from './signing-payload.ts'

/** Signs as type 2 in any runtime; `seed32` as in RFC 8032. Deterministic, some milliseconds. */
export function portableEd25519Signer(seed32: Uint8Array): Signer {
  return {
    signatureType: ed25519Type,
    owner: ed25519PublicKey(seed32),
    sign: (payload) => signEd25519(payload, seed32),
  }
}

/** Signs as type 4: Ed25519 over the hexadecimal text of the deep hash, as Solana wallets do. */
export function solanaSigner(seed32: Uint8Array): Signer {
  return {
    signatureType: solanaType,
    owner: ed25519PublicKey(seed32),
    sign: (payload) => signEd25519(solanaMessage(payload), seed32),
  }
}

/** Signs as type 3: an Ethereum personal message over the deep hash. Deterministic (RFC 6979). */
export function ethereumSigner(privateKey32: Uint8Array): Signer {
  return {
    signatureType: ethereumType,
    owner: secp256k1PublicKey(privateKey32),
    sign: (payload) => signSecp256k1(personalMessageDigest(payload, portableCrypto), privateKey32),
  }
}

/** Signs as type 7: EIP-712 typed data. The owner is the lower-case address as text. */
export function typedEthereumSigner(privateKey32: Uint8Array): Signer {
  const address = ethereumAddress(secp256k1PublicKey(privateKey32), portableCrypto)
  return {
    signatureType: typedEthereumType,
    owner: encodeText(address.toLowerCase()),
    sign: (payload) => signSecp256k1(payload, privateKey32),
  }
}
