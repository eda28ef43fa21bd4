import { readAccount } from '../api/accounts.ts'
import type { ItemFilter } from '../api/graphql.ts'
import { useLoad } from '../api/load.ts'
import { fetchHealth } from '../api/node.ts'
import { Figure, Figures } from '../components/figures.tsx'
import { FoundItems } from '../components/found-items.tsx'
import { Id } from '../components/id.tsx'
import { Badge, PageHead, Panel } from '../components/panel.tsx'
import { Empty, Failure } from '../components/state.tsx'
import { formatCount, formatWinston, shortId } from '../format.ts'
import { setQuery } from '../router.tsx'
import { useTitle } from '../title.ts'
import { useAccount } from '../wallet/use-account.ts'

const views = ['signed', 'received', 'processes'] as const
type View = (typeof views)[number]

const names: Readonly<Record<View, string>> = {
  signed: 'Signed',
  received: 'Received',
  processes: 'Processes',
}

type AccountProps = { readonly address: string; readonly query: URLSearchParams }

/** What an address signed, got and owns. */
export function AccountPage({ address, query }: AccountProps) {
  useTitle(`Account ${shortId(address)}`)
  const view = views.find((name) => name === query.get('view')) ?? 'signed'
  return (
    <>
      <PageHead kind="Account" title={shortId(address)} actions={<WhoIs address={address} />}>
        <Id id={address} whole />
      </PageHead>
      <Known address={address} />
      <Panel
        title={names[view]}
        aside={
          <fieldset class="switch" aria-label="Show">
            {views.map((name) => (
              <button
                key={name}
                type="button"
                aria-pressed={view === name}
                onClick={() => setQuery('view', name === 'signed' ? '' : name)}
              >
                {names[name]}
              </button>
            ))}
          </fieldset>
        }
      >
        <FoundItems
          key={view}
          filter={filterOf(view, address)}
          label={names[view]}
          empty={<Empty title="Nothing">No item here fits.</Empty>}
        />
      </Panel>
    </>
  )
}

function WhoIs({ address }: { address: string }) {
  const health = useLoad('health', fetchHealth)
  const own = useAccount()?.owner
  return (
    <span class="badges">
      {address === health.value?.address && <Badge tone="accent">this node</Badge>}
      {address === own && <Badge tone="good">you</Badge>}
    </span>
  )
}

function Known({ address }: { address: string }) {
  const { value, error, reload } = useLoad(address, (signal) => readAccount(address, signal))
  if (error !== undefined) return <Failure error={error} onRetry={reload} />
  const count = (number: number | undefined) => (number === undefined ? '–' : formatCount(number))
  return (
    <Figures>
      <Figure name="Signed" value={count(value?.signed)}>
        items, processes too
      </Figure>
      <Figure name="Processes" value={count(value?.processes)}>
        spawned with this key
      </Figure>
      <Figure name="Received" value={count(value?.received)}>
        items sent to it
      </Figure>
      <Figure name="Balance" value={value === undefined ? '–' : formatWinston(value.winston)}>
        for tests, it buys nothing
      </Figure>
    </Figures>
  )
}

function filterOf(view: View, address: string): ItemFilter {
  if (view === 'received') return { recipients: [address] }
  if (view === 'signed') return { owners: [address] }
  return { owners: [address], tags: [{ name: 'Type', values: ['Process'] }] }
}
