import { useLayoutEffect, useState } from 'preact/hooks'
import { hasBrowserKey } from './browser-key.ts'
import { type Account, currentAccount, isAccountChosen, onAccount, setAccount } from './wallets.ts'

/** The account in use; the key kept in this browser is taken up by itself. */
export function useAccount(): Account | undefined {
  const [account, show] = useState(currentAccount)
  // With the first drawing: between the two somebody else may take a key up.
  useLayoutEffect(() => {
    const end = onAccount(() => show(currentAccount()))
    if (!isAccountChosen() && hasBrowserKey()) {
      void import('./connect.ts').then(({ openBrowserKey }) => {
        if (!isAccountChosen()) setAccount(openBrowserKey())
      })
    }
    return end
  }, [])
  return account
}
