/** What wallets refuse with, by the codes of EIP-1193 and of JSON-RPC providers. */
const texts: Readonly<Record<number, string>> = {
  4001: 'refused in the wallet: nothing was signed',
  4100: 'the wallet does not let this page use that account: connect again',
  4200: 'the wallet cannot do that: use one that has personal_sign',
  4900: 'the wallet is not connected to any network: open it and look',
  [-32002]: 'the wallet is asking already: open it and answer there',
}

/** Arweave wallets have no codes: “User cancelled the AuthRequest”, “User rejected the …”. */
const refused = /\buser\b.*\b(cancell?ed|rejected|denied|declined)\b/i

/** An error a reader can do something with; wallets throw objects of their own, and texts. */
export function walletRefusal(cause: unknown): Error {
  const { code, message } = (typeof cause === 'object' && cause !== null ? cause : {}) as {
    readonly code?: unknown
    readonly message?: unknown
  }
  const told = typeof message === 'string' && message !== '' ? message : String(cause)
  const known = typeof code === 'number' ? texts[code] : undefined
  const text = known ?? (refused.test(told) ? texts[4001] : `the wallet says: ${told}`)
  return new Error(text, { cause })
}

/** Asks a wallet for something; rejects with why it would not. */
export async function askWallet<T>(asked: () => Promise<T>): Promise<T> {
  try {
    return await asked()
  } catch (error) {
    throw walletRefusal(error)
  }
}
