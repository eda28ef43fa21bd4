import { ethereumAddress, personalMessageDigest, portableCrypto } from '@heddle/protocol/crypto'
import type { Signer } from '@heddle/sdk'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { askWallet } from './refusal.ts'

/** EIP-1193. */
export type EthereumProvider = {
  request(call: { readonly method: string; readonly params?: readonly unknown[] }): Promise<unknown>
  on?(event: string, listener: (value: unknown) => void): void
  removeListener?(event: string, listener: (value: unknown) => void): void
}

const ethereumType = 3
const firstWords = 'Connect to Heddle: this shows your public key and signs nothing else.'

/**
 * Signs items as Ethereum messages. Items name the public key and wallets tell only the address, so
 * the key is read off a first signature, and must be that address's.
 */
export async function ethereumWalletSigner(provider: EthereumProvider): Promise<Signer> {
  const ask = (method: string, params: readonly unknown[] = []) =>
    askWallet(() => provider.request({ method, params }))
  const [address] = (await ask('eth_requestAccounts')) as string[]
  if (address === undefined) throw new Error('the wallet shares no account with this page')
  const sign = async (payload: Uint8Array) =>
    fromHex(String(await ask('personal_sign', [`0x${toHex(payload)}`, address])))
  const words = new TextEncoder().encode(firstWords)
  const owner = recoverKey(personalMessageDigest(words, portableCrypto), await sign(words))
  const actual = ethereumAddress(owner, portableCrypto)
  if (actual.toLowerCase() !== address.toLowerCase()) {
    throw new Error(`the wallet signed as ${actual} and said it is ${address}: choose one account`)
  }
  return { signatureType: ethereumType, owner, sign }
}

/**
 * Calls back when the wallet turns from an account to another or leaves; returns what ends that. Wallets
 * also tell of accounts that were added beside it, which changes nothing.
 */
export function watchEthereum(
  provider: EthereumProvider,
  address: string,
  onChange: () => void,
): () => void {
  const onAccounts = (accounts: unknown) => {
    const [first] = Array.isArray(accounts) ? accounts : []
    if (String(first).toLowerCase() !== address.toLowerCase()) onChange()
  }
  provider.on?.('accountsChanged', onAccounts)
  provider.on?.('disconnect', onChange)
  return () => {
    provider.removeListener?.('accountsChanged', onAccounts)
    provider.removeListener?.('disconnect', onChange)
  }
}

function recoverKey(digest: Uint8Array, signature: Uint8Array): Uint8Array {
  // 27 and 28, or 0 and 1 with some wallets.
  const last = signature[64] ?? 0
  const recovery = last >= 27 ? last - 27 : last
  return secp256k1.Signature.fromBytes(signature.subarray(0, 64), 'compact')
    .addRecoveryBit(recovery)
    .recoverPublicKey(digest)
    .toBytes(false)
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function fromHex(text: string): Uint8Array {
  const digits = text.replace(/^0x/, '')
  return Uint8Array.from({ length: digits.length / 2 }, (_, at) =>
    Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16),
  )
}
