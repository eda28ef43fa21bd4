import { existsSync, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { readClientEnvironment } from '@heddle/node/config'
import { errorMessage, HeddleError } from '@heddle/protocol/base'
import {
  type Client,
  createClient,
  createWalletFile,
  type Signer,
  walletFromFile,
} from '@heddle/sdk'
import { type Flags, textFlag, usageError } from './command.ts'
import { remark } from './output.ts'

const urlDefault = 'http://127.0.0.1:4000'

/** Of the node the user means. */
export function nodeUrl(flags: Flags): string {
  return checkUrl(textFlag(flags, 'url') ?? (readClientEnvironment().url || urlDefault))
}

/** A URL as the user gave it, if a client can use it. */
export function checkUrl(text: string): string {
  if (URL.canParse(text) && /^https?:\/\/[^?#]+$/.test(text)) return text
  throw usageError(`--url ${text}: give an http or https URL, such as ${urlDefault}`)
}

function walletPath(flags: Flags): { readonly path: string; readonly isNamed: boolean } {
  const named = textFlag(flags, 'wallet') ?? (readClientEnvironment().wallet || undefined)
  if (named !== undefined) return { path: named, isNamed: true }
  return { path: join(homedir(), '.heddle', 'wallet.json'), isNamed: false }
}

/** The wallet named, or the user's own, which is made at its first use. */
export async function findSigner(flags: Flags): Promise<Signer> {
  const { path, isNamed } = walletPath(flags)
  if (isNamed || existsSync(path)) return walletFromFile(path)
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  } catch (cause) {
    const text = `cannot make a wallet: ${errorMessage(cause)}; name one with --wallet FILE`
    throw new HeddleError('wallet-unwritable', 'unavailable', text, { path }, { cause })
  }
  const signer = await createWalletFile(path)
  remark(`made a wallet for you: ${path} (Ed25519; keep a copy)`)
  return signer
}

/** A client that can sign. */
export async function connectSigned(flags: Flags): Promise<Client> {
  const url = nodeUrl(flags)
  return createClient({ url, signer: await findSigner(flags) })
}

/** A client that asks in the user's name where there is one; no wallet is made for it. */
export async function connectReader(flags: Flags): Promise<Client> {
  const { path, isNamed } = walletPath(flags)
  return isNamed || existsSync(path) ? connectSigned(flags) : connect(flags)
}

/** A client that only reads what has no reader's name. */
export function connect(flags: Flags): Client {
  return createClient({ url: nodeUrl(flags) })
}
