import type { Signer } from '@heddle/sdk'

/** Who signs, and how it came to be. The private key itself stays inside the signer. */
export type Account = {
  readonly address: string
  readonly kind: 'browser' | 'file' | 'arweave' | 'ethereum'
  readonly signer: Signer
}

export const accountKinds: Readonly<Record<Account['kind'], string>> = {
  browser: 'Key kept in this browser',
  file: 'Key file, until this page closes',
  arweave: 'Arweave wallet',
  ethereum: 'Ethereum wallet',
}

let current: Account | undefined
const listeners = new Set<() => void>()

export function currentAccount(): Account | undefined {
  return current
}

export function setAccount(account: Account | undefined): void {
  current = account
  for (const listener of listeners) listener()
}

/** Calls back whenever another account is used; returns what ends that. */
export function onAccount(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
