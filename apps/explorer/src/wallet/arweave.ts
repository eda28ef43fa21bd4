import { decodeBase64Url } from '@heddle/protocol/base'
import type { Signer } from '@heddle/sdk'
import { askWallet } from './refusal.ts'

/** What Arweave wallets put into a page. */
export type ArweaveWallet = {
  connect(permissions: readonly string[]): Promise<void>
  getPermissions(): Promise<readonly string[]>
  getActivePublicKey(): Promise<string>
  signature(
    data: Uint8Array,
    algorithm: { readonly name: string; readonly saltLength: number },
  ): Promise<Uint8Array | ArrayBuffer>
  readonly events?: WalletEvents
}

type WalletEvents = {
  on(event: string, listener: () => void): void
  off(event: string, listener: () => void): void
}

const arweaveType = 1
const saltBytes = 32
const permissions = ['ACCESS_ADDRESS', 'ACCESS_PUBLIC_KEY', 'SIGNATURE']

/** Asks for what is needed and was not granted yet, then for the key of the account in use. */
export async function arweaveWalletSigner(wallet: ArweaveWallet): Promise<Signer> {
  if (!(await isGranted(wallet))) await askWallet(() => wallet.connect(permissions))
  return grantedSigner(wallet)
}

/** The signer of the account in use, where nothing needs to be asked for; else undefined. */
export async function grantedArweaveSigner(wallet: ArweaveWallet): Promise<Signer | undefined> {
  return (await isGranted(wallet)) ? grantedSigner(wallet) : undefined
}

/** Calls back when the wallet turns to another account or leaves; returns what ends that. */
export function watchArweave({ events }: ArweaveWallet, onChange: () => void): () => void {
  // The first is of all wallets of this kind, the others of newer ones.
  window.addEventListener('walletSwitch', onChange)
  const names = ['activeAddress', 'disconnect', 'permissions']
  for (const name of names) events?.on(name, onChange)
  return () => {
    window.removeEventListener('walletSwitch', onChange)
    for (const name of names) events?.off(name, onChange)
  }
}

async function isGranted(wallet: ArweaveWallet): Promise<boolean> {
  const granted = await askWallet(() => wallet.getPermissions())
  return permissions.every((one) => granted.includes(one))
}

async function grantedSigner(wallet: ArweaveWallet): Promise<Signer> {
  const key = await askWallet(() => wallet.getActivePublicKey())
  const owner = decodeBase64Url(key)
  if (owner === undefined) throw new Error('the wallet’s public key is not base64url')
  const algorithm = { name: 'RSA-PSS', saltLength: saltBytes }
  return {
    signatureType: arweaveType,
    owner,
    sign: async (payload) =>
      new Uint8Array(await askWallet(() => wallet.signature(payload, algorithm))),
  }
}
