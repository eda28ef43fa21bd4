import { useEffect, useState } from 'preact/hooks'
import { hasBrowserKey } from './browser-key.ts'
import { type Account, currentAccount, onAccount, setAccount } from './wallets.ts'

/** The account in use; the key kept in this browser is taken up by itself. */
export function useAccount(): Account | undefined {
  const [account, show] = useState(currentAccount)
  useEffect(() => {
    const end = onAccount(() => show(currentAccount()))
    if (currentAccount() === undefined && hasBrowserKey()) {
      void import('./connect.ts').then(({ openBrowserKey }) => setAccount(openBrowserKey()))
    }
    return end
  }, [])
  return account
}
