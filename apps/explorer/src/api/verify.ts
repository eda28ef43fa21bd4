import { encodeBase64Url } from '@heddle/protocol/base'
import { portableCrypto } from '@heddle/protocol/crypto'
import { createClient } from '@heddle/sdk'

const kinds: Readonly<Record<number, string>> = {
  1: 'Arweave RSA-PSS',
  2: 'Ed25519',
  3: 'Ethereum secp256k1',
  4: 'Solana Ed25519',
}

/** Fetches a signed item and checks it. Rejects where it is absent or forged. */
export async function verifyHere(
  id: string,
  signal: AbortSignal,
): Promise<{ readonly kind: string; readonly bytes: number }> {
  const item = await createClient({ url: location.origin }).item(id, signal)
  const kind = kinds[item.signatureType] ?? `signature type ${item.signatureType}`
  return { kind, bytes: item.bytes.length }
}

/** The address of a public key. */
export function addressOfKey(owner: Uint8Array): string {
  return encodeBase64Url(portableCrypto.sha256(owner))
}
