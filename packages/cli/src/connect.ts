import { existsSync, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { readClientEnvironment } from '@heddle/node/config'
import { type Client, createClient, type Signer } from '@heddle/sdk'
import { createWalletFile, walletFromFile } from '@heddle/sdk/node'
import { type Flags, textFlag } from './command.ts'
import { remark } from './output.ts'

export function nodeUrl(flags: Flags): string {
  return textFlag(flags, 'url') ?? readClientEnvironment().url ?? 'http://127.0.0.1:4000'
}

/** The wallet named, or the user's own, which is made at its first use. */
async function findSigner(flags: Flags): Promise<Signer> {
  const named = textFlag(flags, 'wallet') ?? readClientEnvironment().wallet
  if (named !== undefined) return walletFromFile(named)
  const path = join(homedir(), '.heddle', 'wallet.json')
  if (existsSync(path)) return walletFromFile(path)
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  remark(`made a wallet for you: ${path} (Ed25519; keep a copy)`)
  return createWalletFile(path)
}

/** A client that can sign. */
export async function connectSigned(flags: Flags): Promise<Client> {
  return createClient({ url: nodeUrl(flags), signer: await findSigner(flags) })
}

/** A client that only reads. */
export function connect(flags: Flags): Client {
  return createClient({ url: nodeUrl(flags) })
}
