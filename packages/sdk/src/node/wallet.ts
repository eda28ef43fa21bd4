import { readFile, writeFile } from 'node:fs/promises'
import { errorMessage, HeddleError } from '@heddle/protocol/base'
import type { Signer } from '@heddle/protocol/item'
import { generateWallet, type Wallet, walletSigner } from '../signers.ts'

/** The signer of a wallet file (JWK). Throws `wallet-invalid`, naming the file. */
export async function walletFromFile(path: string): Promise<Signer> {
  let wallet: unknown
  try {
    wallet = JSON.parse(await readFile(path, 'utf8'))
  } catch (cause) {
    const text = `cannot read wallet ${path}: ${errorMessage(cause)} (make one: heddle keygen ${path})`
    throw new HeddleError('wallet-invalid', 'invalid', text, { path }, { cause })
  }
  if (typeof wallet === 'object' && wallet !== null && 'kty' in wallet) {
    return walletSigner(wallet as Wallet)
  }
  throw new HeddleError('wallet-invalid', 'invalid', `${path} is not a JWK`, { path })
}

/** Writes a new wallet, readable by its owner only; never over an existing file. */
export async function createWalletFile(path: string): Promise<Signer> {
  const wallet = await generateWallet()
  try {
    await writeFile(path, `${JSON.stringify(wallet)}\n`, { mode: 0o600, flag: 'wx' })
  } catch (cause) {
    const text = `cannot write wallet ${path}: ${errorMessage(cause)}`
    throw new HeddleError('wallet-unwritable', 'conflict', text, { path }, { cause })
  }
  return walletSigner(wallet)
}
