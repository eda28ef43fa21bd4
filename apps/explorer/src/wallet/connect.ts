import { createClient, generateWallet, type Signer, type Wallet, walletSigner } from '@heddle/sdk'
import { readBrowserKey, storeBrowserKey } from './browser-key.ts'
import { type EthereumProvider, ethereumWalletSigner } from './ethereum.ts'
import type { Account } from './wallets.ts'

/** What Arweave wallets put into a page. */
type ArweaveWallet = {
  connect(permissions: readonly string[]): Promise<void>
  getActivePublicKey(): Promise<string>
  signature(
    data: Uint8Array,
    algorithm: { readonly name: string; readonly saltLength: number },
  ): Promise<Uint8Array | ArrayBuffer>
}

declare global {
  interface Window {
    readonly arweaveWallet?: ArweaveWallet
    readonly ethereum?: EthereumProvider
  }
}

const arweaveType = 1

/** The key kept in this browser; made where there is none. */
export function openBrowserKey(): Account {
  const stored = readBrowserKey()
  const wallet = stored === null ? generateWallet() : (JSON.parse(stored) as Wallet)
  if (stored === null) storeBrowserKey(JSON.stringify(wallet))
  return accountOf('browser', walletSigner(wallet))
}

/** A wallet file (JWK); nothing of it is stored. Throws `wallet-invalid`. */
export function openKeyFile(text: string): Account {
  return accountOf('file', walletSigner(JSON.parse(text) as Wallet))
}

/** The wallet an extension puts into `window.arweaveWallet`. */
export async function connectArweave(): Promise<Account> {
  const wallet = window.arweaveWallet
  if (wallet === undefined) throw new Error('no Arweave wallet is in this browser')
  await wallet.connect(['ACCESS_ADDRESS', 'ACCESS_PUBLIC_KEY', 'SIGNATURE'])
  const owner = bytesOf(await wallet.getActivePublicKey())
  return accountOf('arweave', {
    signatureType: arweaveType,
    owner,
    sign: async (payload) => {
      return new Uint8Array(await wallet.signature(payload, { name: 'RSA-PSS', saltLength: 32 }))
    },
  })
}

/** The wallet an extension puts into `window.ethereum` (EIP-1193). */
export async function connectEthereum(): Promise<Account> {
  if (window.ethereum === undefined) throw new Error('no Ethereum wallet is in this browser')
  return accountOf('ethereum', await ethereumWalletSigner(window.ethereum))
}

function accountOf(kind: Account['kind'], signer: Signer): Account {
  const { address = '' } = createClient({ url: location.origin, signer })
  return { kind, signer, address }
}

function bytesOf(base64Url: string): Uint8Array {
  const text = atob(base64Url.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}
