import { shortId } from '../format.ts'
import { paths } from '../paths.ts'
import { Link } from '../router.tsx'
import { useAccount } from '../wallet/use-account.ts'

/** Who signs, in the head of every page. */
export function WalletChip() {
  const account = useAccount()
  const label = account === undefined ? 'Wallet' : `Wallet ${shortId(account.address)}`
  return (
    <Link class="chip" to={paths.wallet()} aria-label={label}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d="M2 4.5h10.5v2H14v5h-1.5v2H2zM11 9h0" />
      </svg>
      <span>{account === undefined ? 'Wallet' : shortId(account.address)}</span>
    </Link>
  )
}
