import { useEffect, useState } from 'preact/hooks'
import type { ArweaveWallet } from './arweave.ts'
import type { EthereumProvider } from './ethereum.ts'

declare global {
  interface Window {
    readonly arweaveWallet?: ArweaveWallet
    readonly ethereum?: EthereumProvider
  }
}

/** A wallet by its own name, where it told one. */
export type NamedProvider = { readonly name: string; readonly provider: EthereumProvider }

/** What wallets answer `eip6963:requestProvider` with (EIP-6963). */
type Announcement = {
  readonly info?: { readonly name?: unknown }
  readonly provider?: EthereumProvider
}

const nameLength = 24

/** The Arweave wallet of this browser; extensions may come after the page. */
export function useArweaveWallet(): ArweaveWallet | undefined {
  const [wallet, setWallet] = useState(window.arweaveWallet)
  useEffect(() => {
    const look = () => setWallet(window.arweaveWallet)
    look()
    window.addEventListener('arweaveWalletLoaded', look)
    return () => window.removeEventListener('arweaveWalletLoaded', look)
  }, [])
  return wallet
}

/**
 * The Ethereum wallets of this browser: all that announce themselves, or else the one that is at
 * `window.ethereum`, where several of them fight for the place.
 */
export function useEthereumWallets(): readonly NamedProvider[] {
  const [wallets, setWallets] = useState<readonly NamedProvider[]>([])
  const [injected, setInjected] = useState(window.ethereum)
  useEffect(() => {
    const hear = (event: Event) => {
      const { info, provider } = (event as CustomEvent<Announcement | null>).detail ?? {}
      if (typeof provider?.request !== 'function') return
      const name = typeof info?.name === 'string' ? info.name.slice(0, nameLength) : ''
      setWallets((so) =>
        so.some((one) => one.provider === provider) ? so : [...so, { name, provider }],
      )
    }
    const look = () => setInjected(window.ethereum)
    window.addEventListener('eip6963:announceProvider', hear)
    window.addEventListener('ethereum#initialized', look)
    window.dispatchEvent(new Event('eip6963:requestProvider'))
    look()
    return () => {
      window.removeEventListener('eip6963:announceProvider', hear)
      window.removeEventListener('ethereum#initialized', look)
    }
  }, [])
  if (wallets.length > 0 || injected === undefined) return wallets
  return [{ name: '', provider: injected }]
}
