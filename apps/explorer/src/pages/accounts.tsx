import { useState } from 'preact/hooks'
import { readAccounts } from '../api/accounts.ts'
import { useLoad } from '../api/load.ts'
import { fetchHealth } from '../api/node.ts'
import { type Signers, useSigners } from '../api/signers.ts'
import { Id } from '../components/id.tsx'
import { Badge, PageHead, Panel } from '../components/panel.tsx'
import { Empty, Failure, Loading } from '../components/state.tsx'
import { More, Table } from '../components/table.tsx'
import { counted, formatCount, formatWinston } from '../format.ts'
import { paths } from '../paths.ts'
import { Link } from '../router.tsx'
import { useTitle } from '../title.ts'
import { useAccount } from '../wallet/use-account.ts'

/** Accounts shown at once: what each did is a question of its own. */
const shownAtOnce = 50

/** Who signed something here, and what the node knows of them. */
export function AccountsPage() {
  useTitle('Accounts')
  const signers = useSigners()
  return (
    <>
      <PageHead kind="Who" title="Accounts">
        <p class="lead">
          Whoever signed something this node has, the latest first. The node’s own key signs
          assignments and what processes send. Who stores blobs is under{' '}
          <Link to={paths.stake()}>stake</Link>.
        </p>
      </PageHead>
      {signers.error !== undefined && <Failure error={signers.error} onRetry={signers.more} />}
      <Found signers={signers} />
    </>
  )
}

function Found({ signers }: { signers: Signers }) {
  const { addresses, items, hasMore, isLoading, error, more } = signers
  const [shown, setShown] = useState(shownAtOnce)
  if (addresses.length === 0) {
    if (isLoading) return <Loading rows={6} />
    if (error !== undefined) return null
    return <Empty title="Nobody yet">Accounts show here once they sign something.</Empty>
  }
  const isHidden = shown < addresses.length
  const parts = Math.ceil(Math.min(shown, addresses.length) / shownAtOnce)
  const onMore = () => {
    setShown(shown + shownAtOnce)
    if (!isHidden) more()
  }
  return (
    <Panel
      title={`${counted(addresses.length, 'account')}${hasMore ? ' so far' : ''}`}
      aside={
        <span class="quiet">
          {hasMore
            ? `in the newest ${formatCount(items)} items`
            : `in all ${formatCount(items)} items`}
        </span>
      }
    >
      <Table
        label="Accounts"
        hideNarrow={[3, 4, 5]}
        columns={[
          'Address',
          { number: 'Signed' },
          { number: 'Processes' },
          { number: 'Received' },
          { number: 'Balance' },
        ]}
      >
        {Array.from({ length: parts }, (_, part) => (
          <Rows
            key={part}
            addresses={addresses.slice(part * shownAtOnce, (part + 1) * shownAtOnce)}
          />
        ))}
      </Table>
      {(isHidden || hasMore) && <More isLoading={isLoading} onMore={onMore} />}
    </Panel>
  )
}

/** Some accounts; their addresses show before what they did is known. */
function Rows({ addresses }: { addresses: readonly string[] }) {
  const health = useLoad('health', fetchHealth)
  const facts = useLoad(addresses.join(' '), (signal) => readAccounts(addresses, signal))
  const own = useAccount()?.owner
  return (
    <>
      {addresses.map((address, at) => {
        const one = facts.value?.[at]
        const count = (value: number | undefined) =>
          value === undefined ? (facts.error === undefined ? '…' : '–') : formatCount(value)
        return (
          <tr key={address}>
            <td class="nowrap">
              <Id id={address} to={paths.account(address)} copy />{' '}
              {address === health.value?.address && <Badge tone="accent">this node</Badge>}
              {address === own && <Badge tone="good">you</Badge>}
            </td>
            <td class="number">{count(one?.signed)}</td>
            <td class="number">{count(one?.processes)}</td>
            <td class="number">{count(one?.received)}</td>
            <td class="number">{one === undefined ? '–' : formatWinston(one.winston)}</td>
          </tr>
        )
      })}
    </>
  )
}
