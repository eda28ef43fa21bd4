import { type AccountFacts, itemsRead, readAccounts } from '../api/accounts.ts'
import { useLoad } from '../api/load.ts'
import { fetchHealth } from '../api/node.ts'
import { Id } from '../components/id.tsx'
import { Badge, PageHead, Panel } from '../components/panel.tsx'
import { Empty, Failure, Loading } from '../components/state.tsx'
import { Table } from '../components/table.tsx'
import { counted, formatCount, formatWinston } from '../format.ts'
import { paths } from '../paths.ts'
import { Link } from '../router.tsx'
import { useTitle } from '../title.ts'
import { useAccount } from '../wallet/use-account.ts'

/** Who signed the newest items, and what the node knows of them. */
export function AccountsPage() {
  useTitle('Accounts')
  const { value, error, reload } = useLoad('accounts', readAccounts)
  return (
    <>
      <PageHead kind="Who" title="Accounts">
        <p class="lead">
          Whoever signed one of the newest {formatCount(itemsRead)} items. The node’s own key signs
          assignments and what processes send. Who stores blobs is under{' '}
          <Link to={paths.stake()}>stake</Link>.
        </p>
      </PageHead>
      {error !== undefined && <Failure error={error} onRetry={reload} />}
      {value === undefined ? (
        error === undefined && <Loading rows={6} />
      ) : value.length === 0 ? (
        <Empty title="Nobody yet">Accounts show here once they sign something.</Empty>
      ) : (
        <Panel title={counted(value.length, 'account')}>
          <AccountTable accounts={value} />
        </Panel>
      )}
    </>
  )
}

function AccountTable({ accounts }: { accounts: readonly AccountFacts[] }) {
  const health = useLoad('health', fetchHealth)
  const own = useAccount()?.owner
  return (
    <Table
      label="Accounts"
      columns={[
        'Address',
        { number: 'Signed' },
        { number: 'Processes' },
        { number: 'Received' },
        { number: 'Balance' },
      ]}
    >
      {accounts.map(({ address, signed, processes, received, winston }) => (
        <tr key={address}>
          <td class="nowrap">
            <Id id={address} to={paths.account(address)} copy />{' '}
            {address === health.value?.address && <Badge tone="accent">this node</Badge>}
            {address === own && <Badge tone="good">you</Badge>}
          </td>
          <td class="number">{formatCount(signed)}</td>
          <td class="number">{formatCount(processes)}</td>
          <td class="number">{formatCount(received)}</td>
          <td class="number">{formatWinston(winston)}</td>
        </tr>
      ))}
    </Table>
  )
}
