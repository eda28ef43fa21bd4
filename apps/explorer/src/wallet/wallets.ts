import type { Signer } from '@heddle/sdk'

/** Who signs, and how it came to be. The private key itself stays inside the signer. */
export type Account = {
  /** As processes are told: `0x…` for Ethereum keys. */
  readonly address: string
  /** As items are indexed, whatever the kind of key. */
  readonly owner: string
  readonly kind: 'browser' | 'file' | 'arweave' | 'ethereum'
  readonly signer: Signer
  /** Ends what it listens to; called once another account is used. */
  leave?(): void
}

export const accountKinds: Readonly<Record<Account['kind'], string>> = {
  browser: 'Key kept in this browser',
  file: 'Key file, until this page closes',
  arweave: 'Arweave wallet',
  ethereum: 'Ethereum wallet',
}

let current: Account | undefined
/** Why there is none any more, where that was not the reader's doing. */
let lost = ''
/** Once somebody chose, nothing is taken up by itself. */
let isChosen = false
const listeners = new Set<() => void>()

export function currentAccount(): Account | undefined {
  return current
}

export function lostAccount(): string {
  return lost
}

export function isAccountChosen(): boolean {
  return isChosen
}

export function setAccount(account: Account | undefined): void {
  change(account, '')
}

/** Takes an account out of use where it still is in use. */
export function loseAccount(account: Account, why: string): void {
  if (current === account) change(undefined, why)
}

/** Calls back whenever another account is used; returns what ends that. */
export function onAccount(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function change(account: Account | undefined, why: string): void {
  if (current !== account) current?.leave?.()
  current = account
  lost = why
  isChosen = true
  for (const listener of listeners) listener()
}
