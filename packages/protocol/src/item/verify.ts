import { decodeText, encodeBase64Url, equalBytes } from '../base/index.ts'
import {
  type CryptoEngine,
  ethereumAddress,
  isLowS,
  personalMessageDigest,
} from '../crypto/index.ts'
import type { Item } from './item.ts'
import {
  arweaveType,
  ed25519Type,
  ethereumType,
  solanaType,
  typedEthereumType,
} from './signature-type.ts'
import { type SignedParts, signingPayload, solanaMessage } from './signing-payload.ts'

/**
 * Tells whether the owner signed exactly this item, whose data may be told by its digest. Never throws
 * on a parsed item.
 */
export async function verifyItem(
  item: SignedParts & Pick<Item, 'signature'>,
  engine: CryptoEngine,
): Promise<boolean> {
  const { signatureType, signature, owner } = item
  const payload = signingPayload(item, engine)
  switch (signatureType) {
    case arweaveType:
      return engine.verifyRsaPss(owner, payload, signature)
    case ed25519Type:
      return engine.verifyEd25519(owner, payload, signature)
    case solanaType:
      return engine.verifyEd25519(owner, solanaMessage(payload), signature)
    case ethereumType: {
      const key = recoverOne(personalMessageDigest(payload, engine), signature, engine)
      return key !== undefined && equalBytes(key, owner)
    }
    case typedEthereumType: {
      const key = recoverOne(payload, signature, engine)
      return key !== undefined && isAddressOf(decodeText(owner), ethereumAddress(key, engine))
    }
    default:
      return false
  }
}

/**
 * The id is a hash of the signature, so whoever can rewrite a signature into another valid one can
 * have a message scheduled twice. Hence the one form: v 27 or 28 (the engine's rule) and low s
 * (EIP-2).
 */
function recoverOne(digest: Uint8Array, signature: Uint8Array, engine: CryptoEngine) {
  const key = engine.recoverSecp256k1(digest, signature)
  return key !== undefined && isLowS(signature) ? key : undefined
}

/** Owners of type 7 come in lower case from some wallets, checksummed from others. */
function isAddressOf(owner: string, address: string): boolean {
  return /^0x[0-9a-fA-F]{40}$/.test(owner) && owner.toLowerCase() === address.toLowerCase()
}

/**
 * base64url(sha256(owner)): the address of an item's signer, 43 characters, whatever its key type.
 */
export function ownerAddress(item: Pick<Item, 'owner'>, engine: CryptoEngine): string {
  return encodeBase64Url(engine.sha256(item.owner))
}
