import { createClient, generateWallet, type Signer, type Wallet, walletSigner } from '@heddle/sdk'
import { addressOfKey } from '../api/verify.ts'
import {
  type ArweaveWallet,
  arweaveWalletSigner,
  grantedArweaveSigner,
  watchArweave,
} from './arweave.ts'
import { readBrowserKey, storeBrowserKey } from './browser-key.ts'
import { type EthereumProvider, ethereumWalletSigner, watchEthereum } from './ethereum.ts'
import { type Account, loseAccount, setAccount } from './wallets.ts'

const changed = 'The wallet turned to another account or left: connect it again.'

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

/** The wallet an extension puts into `window.arweaveWallet`; follows it to its other accounts. */
export async function connectArweave(wallet: ArweaveWallet): Promise<Account> {
  return arweaveAccount(wallet, await arweaveWalletSigner(wallet))
}

function arweaveAccount(wallet: ArweaveWallet, signer: Signer): Account {
  const follow = async () => {
    const next = await grantedArweaveSigner(wallet).catch(() => undefined)
    if (next === undefined) loseAccount(account, changed)
    else if (addressOf(next) !== account.address) setAccount(arweaveAccount(wallet, next))
  }
  const leave = watchArweave(wallet, () => void follow())
  const account: Account = { ...accountOf('arweave', signer), leave }
  return account
}

/** A wallet that speaks EIP-1193. */
export async function connectEthereum(provider: EthereumProvider): Promise<Account> {
  const known = accountOf('ethereum', await ethereumWalletSigner(provider))
  // Another account's key is known only after a signature, and that must be asked for.
  const leave = watchEthereum(provider, known.address, () => loseAccount(account, changed))
  const account: Account = { ...known, leave }
  return account
}

function accountOf(kind: Account['kind'], signer: Signer): Account {
  return { kind, signer, address: addressOf(signer), owner: addressOfKey(signer.owner) }
}

function addressOf(signer: Signer): string {
  return createClient({ url: location.origin, signer }).address ?? ''
}
