import { readFile, writeFile } from 'node:fs/promises'
import { errorMessage, HeddleError } from '@heddle/protocol/base'
import { portableCrypto } from '@heddle/protocol/crypto'
import { createItem, type Signer, verifyItem } from '@heddle/protocol/item'
import { generateWallet, type Wallet, walletSigner } from '../index.ts'

/**
 * The signer of a wallet file (JWK). A signature is made and checked before it is given out, so that a
 * damaged wallet is told here and not by some node later. Throws `wallet-invalid`, naming the file.
 */
export async function walletFromFile(path: string): Promise<Signer> {
  const wallet = parseWallet(path, await readWallet(path))
  let isSound = false
  try {
    const signer = walletSigner(wallet)
    const item = await createItem({ data: new Uint8Array(1) }, signer, portableCrypto)
    isSound = await verifyItem(item, portableCrypto)
    if (isSound) return signer
  } catch (cause) {
    throw invalid(path, errorMessage(cause), cause)
  }
  throw invalid(path, 'what it signs does not verify: its parts do not belong together')
}

/** Writes a new wallet, readable by its owner only. Throws `wallet-exists`, `wallet-unwritable`. */
export async function createWalletFile(path: string): Promise<Signer> {
  const wallet = generateWallet()
  try {
    await writeFile(path, `${JSON.stringify(wallet)}\n`, { mode: 0o600, flag: 'wx' })
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') {
      const text = `${path} exists, and a wallet is never written over another file: choose a new name`
      throw new HeddleError('wallet-exists', 'conflict', text, { path }, { cause })
    }
    const text = `cannot write wallet ${path}: ${errorMessage(cause)}`
    throw new HeddleError('wallet-unwritable', 'unavailable', text, { path }, { cause })
  }
  return walletSigner(wallet)
}

async function readWallet(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const isAbsent = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    const why = isAbsent ? `no such file; make one: heddle keygen ${path}` : errorMessage(cause)
    throw invalid(path, why, cause)
  }
}

/** The parser's own message would quote what it read, which may be a key. */
function parseWallet(path: string, text: string): Wallet {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw invalid(path, 'not JSON')
  }
  if (typeof value === 'object' && value !== null && 'kty' in value) {
    if (typeof value.kty === 'string') return { ...value, kty: value.kty }
  }
  throw invalid(path, 'not a JWK, which has a "kty"')
}

function invalid(path: string, why: string, cause?: unknown): HeddleError {
  const text = `cannot sign with wallet ${path}: ${why}`
  return new HeddleError('wallet-invalid', 'invalid', text, { path }, { cause })
}
