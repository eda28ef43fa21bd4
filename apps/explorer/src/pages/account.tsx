import { useState } from 'preact/hooks'
import { FoundItems } from '../components/found-items.tsx'
import { Id } from '../components/id.tsx'
import { PageHead, Panel } from '../components/panel.tsx'
import { Empty } from '../components/state.tsx'
import { shortId } from '../format.ts'
import { useTitle } from '../title.ts'

const views = ['signed', 'received', 'processes'] as const
type View = (typeof views)[number]

const names: Readonly<Record<View, string>> = {
  signed: 'Signed',
  received: 'Received',
  processes: 'Processes',
}

/** What an address signed, got and owns. */
export function AccountPage({ address }: { address: string }) {
  useTitle(`Account ${shortId(address)}`)
  const [view, setView] = useState<View>('signed')
  return (
    <>
      <PageHead kind="Account" title={shortId(address)}>
        <Id id={address} whole />
      </PageHead>
      <Panel
        title={names[view]}
        aside={
          <fieldset class="switch" aria-label="Show">
            {views.map((name) => (
              <button
                key={name}
                type="button"
                aria-pressed={view === name}
                onClick={() => setView(name)}
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

function filterOf(view: View, address: string) {
  if (view === 'received') return { recipients: [address] }
  if (view === 'signed') return { owners: [address] }
  return { owners: [address], tags: [{ name: 'Type', values: ['Process'] }] }
}
