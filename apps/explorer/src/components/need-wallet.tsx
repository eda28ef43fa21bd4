import { paths } from '../paths.ts'
import { Link } from '../router.tsx'

/** Said where something is to be signed and nobody is there to sign. */
export function NeedWallet() {
  return (
    <p class="callout">
      Nothing can be signed yet. <Link to={paths.wallet()}>Choose a wallet</Link>, or make a key in
      this browser.
    </p>
  )
}
