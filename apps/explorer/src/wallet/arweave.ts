import { decodeBase64Url, decodeText } from '@heddle/protocol/base'
import type { ItemDraft, Signer, Tag } from '@heddle/sdk'
import { askWallet } from './refusal.ts'

/** Bytes as wallets give them: their messages between contexts carry plain arrays and objects too. */
type WalletBytes = ArrayBuffer | ArrayBufferView | readonly number[] | Record<number, number>

type WalletItem = {
  readonly data: Uint8Array
  readonly tags: readonly Tag[]
  readonly target?: string
  readonly anchor?: string
}

/** What Arweave wallets put into a page, as Wander documents it. */
export type ArweaveWallet = {
  connect(permissions: readonly string[]): Promise<void>
  getPermissions(): Promise<readonly string[]>
  getActivePublicKey(): Promise<string>
  /** Lays out and signs an item, and gives its bytes. */
  signDataItem?(item: WalletItem): Promise<WalletBytes>
  /** Signs bytes. Only of wallets without `signDataItem`: Wander is about to take it away. */
  signature?(
    data: Uint8Array,
    algorithm: { readonly name: string; readonly saltLength: number },
  ): Promise<WalletBytes>
  readonly events?: WalletEvents
}

type WalletEvents = {
  on(event: string, listener: () => void): void
  off(event: string, listener: () => void): void
}

const arweaveType = 1
const saltBytes = 32

/** Asks for what is needed and was not granted yet, then for the key of the account in use. */
export async function arweaveWalletSigner(wallet: ArweaveWallet): Promise<Signer> {
  if (!(await isGranted(wallet))) await askWallet(() => wallet.connect(permissionsFor(wallet)))
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

function permissionsFor({ signDataItem }: ArweaveWallet): readonly string[] {
  const toSign = signDataItem === undefined ? 'SIGNATURE' : 'SIGN_TRANSACTION'
  return ['ACCESS_ADDRESS', 'ACCESS_PUBLIC_KEY', toSign]
}

async function isGranted(wallet: ArweaveWallet): Promise<boolean> {
  const granted = await askWallet(() => wallet.getPermissions())
  return permissionsFor(wallet).every((one) => granted.includes(one))
}

async function grantedSigner(wallet: ArweaveWallet): Promise<Signer> {
  const key = await askWallet(() => wallet.getActivePublicKey())
  const owner = decodeBase64Url(key)
  if (owner === undefined) throw new Error('the wallet’s public key is not base64url')
  const sign = async (payload: Uint8Array) => {
    const algorithm = { name: 'RSA-PSS', saltLength: saltBytes }
    const { signature } = wallet
    if (signature === undefined) throw new Error('the wallet signs whole items only')
    return bytesOf(await askWallet(() => signature.call(wallet, payload, algorithm)))
  }
  const signer = { signatureType: arweaveType, owner, sign }
  const { signDataItem } = wallet
  if (signDataItem === undefined) return signer
  const signItem = async (draft: ItemDraft) =>
    bytesOf(await askWallet(() => signDataItem.call(wallet, walletItem(draft))))
  return { ...signer, signItem } as Signer
}

/** A draft as wallets take it: what is absent is left out. */
function walletItem({ data, tags = [], target, anchor }: ItemDraft): WalletItem {
  return {
    data,
    tags,
    ...(target === undefined ? {} : { target }),
    ...(anchor === undefined ? {} : { anchor: decodeText(anchor) }),
  }
}

function bytesOf(given: WalletBytes): Uint8Array {
  if (given instanceof ArrayBuffer) return new Uint8Array(given)
  if (ArrayBuffer.isView(given)) {
    return new Uint8Array(given.buffer, given.byteOffset, given.byteLength)
  }
  return Uint8Array.from(Object.values(given))
}
