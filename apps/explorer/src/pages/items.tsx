import type { ItemFilter } from '../api/graphql.ts'
import { FoundItems } from '../components/found-items.tsx'
import { PageHead } from '../components/panel.tsx'
import { Empty } from '../components/state.tsx'
import { paths } from '../paths.ts'
import { Link, setQuery } from '../router.tsx'
import { useTitle } from '../title.ts'

const kinds = [
  ['', 'Everything'],
  ['Process', 'Processes'],
  ['Message', 'Messages'],
  ['Module', 'Modules'],
  ['Assignment', 'Assignments'],
  ['Scheduler-Location', 'Scheduler locations'],
] as const

/** Everything the node holds that can be found. */
export function ItemsPage({ query }: { query: URLSearchParams }) {
  useTitle('Items')
  const type = query.get('type') ?? ''
  const tag = query.get('tag') ?? ''
  const value = query.get('value') ?? ''
  return (
    <>
      <PageHead
        kind="This node"
        title="Items"
        actions={
          <Link class="button button-primary" to={paths.upload()}>
            Upload
          </Link>
        }
      />
      <div class="filters">
        <label>
          <span>Kind</span>
          <select value={type} onChange={(event) => setQuery('type', event.currentTarget.value)}>
            {kinds.map(([one, name]) => (
              <option key={one} value={one}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span>Tag</span>
          <input
            value={tag}
            placeholder="Content-Type"
            onChange={(event) => setQuery('tag', event.currentTarget.value.trim())}
          />
        </label>
        <label>
          <span>Value</span>
          <input
            value={value}
            placeholder="image/png"
            onChange={(event) => setQuery('value', event.currentTarget.value.trim())}
          />
        </label>
      </div>
      <FoundItems
        filter={filterOf(type, tag, value)}
        label="Items"
        empty={<Empty title="None found">No item here has these tags.</Empty>}
      />
    </>
  )
}

function filterOf(type: string, tag: string, value: string): ItemFilter {
  const tags = [
    ...(type === '' ? [] : [{ name: 'Type', values: [type] }]),
    ...(tag === '' || value === '' ? [] : [{ name: tag, values: [value] }]),
  ]
  return tags.length === 0 ? {} : { tags }
}
