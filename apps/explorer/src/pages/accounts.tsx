import { findItems } from '../api/graphql.ts'
import { useLoad } from '../api/load.ts'
import { tagValue } from '../api/units.ts'
import { Id } from '../components/id.tsx'
import { PageHead, Panel } from '../components/panel.tsx'
import { Empty, Failure, Loading } from '../components/state.tsx'
import { formatCount } from '../format.ts'
import { paths } from '../paths.ts'
import { useTitle } from '../title.ts'

const itemsRead = 1000

type Row = { readonly address: string; items: number; processes: number }

/** Who signed the newest items. */
export function AccountsPage() {
  useTitle('Accounts')
  const { value, error, reload } = useLoad('accounts', readAccounts)
  return (
    <>
      <PageHead kind="This node" title="Accounts">
        <p class="lead">
          Whoever signed one of the newest {formatCount(itemsRead)} items. The node’s own key signs
          assignments and what processes send.
        </p>
      </PageHead>
      {error !== undefined && <Failure error={error} onRetry={reload} />}
      {value === undefined ? (
        error === undefined && <Loading rows={6} />
      ) : value.length === 0 ? (
        <Empty title="Nobody yet" />
      ) : (
        <Panel title={`${formatCount(value.length)} accounts`}>
          <table class="table">
            <thead>
              <tr>
                <th scope="col">Address</th>
                <th scope="col" class="number">
                  Items
                </th>
                <th scope="col" class="number">
                  Processes
                </th>
              </tr>
            </thead>
            <tbody>
              {value.map(({ address, items, processes }) => (
                <tr key={address}>
                  <td>
                    <Id id={address} to={paths.account(address)} copy />
                  </td>
                  <td class="number">{formatCount(items)}</td>
                  <td class="number">{formatCount(processes)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Panel>
      )}
    </>
  )
}

async function readAccounts(signal: AbortSignal): Promise<readonly Row[]> {
  const { items } = await findItems({}, { first: itemsRead }, signal)
  const rows = new Map<string, Row>()
  for (const { owner, tags } of items) {
    const row = rows.get(owner.address) ?? { address: owner.address, items: 0, processes: 0 }
    row.items++
    if (tagValue(tags, 'Type') === 'Process') row.processes++
    rows.set(owner.address, row)
  }
  return [...rows.values()].sort((a, b) => b.items - a.items)
}
