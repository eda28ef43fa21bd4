import type { ProcessRow } from '@heddle/protocol/api'
import { useState } from 'preact/hooks'
import { useLive } from '../api/live.ts'
import { fetchProcesses } from '../api/node.ts'
import { usePagedRows } from '../api/paged-rows.ts'
import { Id } from '../components/id.tsx'
import { Badge, PageHead } from '../components/panel.tsx'
import { Empty, Failure, Loading } from '../components/state.tsx'
import { Age } from '../components/time.tsx'
import { VirtualRows } from '../components/virtual-rows.tsx'
import { formatCount } from '../format.ts'
import { paths } from '../paths.ts'
import { Link, navigate, setQuery } from '../router.tsx'
import { useTitle } from '../title.ts'

const sorts = [
  ['newest', 'Newest first'],
  ['oldest', 'Oldest first'],
  ['busiest', 'Most slots'],
  ['backlog', 'Most waiting'],
] as const

/** Samples between two refreshes: the list is live, but does not flicker. */
const refreshEvery = 3

/** Every process of this node. */
export function ProcessesPage({ query }: { query: URLSearchParams }) {
  useTitle('Processes')
  const search = query.get('search') ?? ''
  const sort = query.get('sort') ?? 'newest'
  const list = usePagedRows(`${sort} ${search}`, (from, limit, signal) =>
    fetchProcesses({ search, sort }, from, limit, signal),
  )
  const [, setCount] = useState(0)
  useLive({
    onSample: () =>
      setCount((count) => {
        if (count % refreshEvery === 0) list.refresh()
        return count + 1
      }),
  })
  return (
    <>
      <PageHead
        kind="This node"
        title="Processes"
        actions={
          <Link class="button button-primary" to={paths.spawn()}>
            Spawn
          </Link>
        }
      />
      <div class="filters">
        <label>
          <span>Search</span>
          <input
            type="search"
            value={search}
            placeholder="Name, id, owner or module"
            onInput={(event) => setQuery('search', event.currentTarget.value)}
          />
        </label>
        <label>
          <span>Order</span>
          <select value={sort} onChange={(event) => setQuery('sort', event.currentTarget.value)}>
            {sorts.map(([value, name]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <output class="quiet">{list.isLoading ? '' : `${formatCount(list.total)} found`}</output>
      </div>
      {list.error !== undefined && <Failure error={list.error} onRetry={list.refresh} />}
      {list.isLoading && <Loading rows={8} />}
      {!list.isLoading && list.error === undefined && list.total === 0 && (
        <NoProcesses search={search} />
      )}
      {list.total > 0 && (
        <VirtualRows
          label="Processes"
          layout="rows-processes"
          columns={['Process', 'Owner', 'Slots', 'State', 'Spawned']}
          count={list.total}
          onRange={list.need}
          open={(at) => {
            const id = list.row(at)?.id
            if (id !== undefined) navigate(paths.process(id))
          }}
          row={list.row}
          cells={cellsOf}
        />
      )}
    </>
  )
}

function NoProcesses({ search }: { search: string }) {
  if (search !== '') {
    return (
      <Empty title="None found">No process has “{search}” in its name, id, owner or module.</Empty>
    )
  }
  return (
    <Empty title="No process yet">
      A process is an actor: one log, one state, one mailbox.{' '}
      <Link to={paths.spawn()}>Spawn the first one</Link>
    </Empty>
  )
}

function cellsOf(row: ProcessRow) {
  const { id, name, owner = '', slots, evaluated, spawnedMs = 0 } = row
  return [
    <Id key="id" id={id} name={name} to={paths.process(id)} />,
    <Id key="owner" id={owner} to={paths.account(owner)} />,
    formatCount(slots),
    <Progress key="state" waiting={slots - evaluated} />,
    <Age key="age" ms={spawnedMs} />,
  ]
}

export function Progress({ waiting }: { waiting: number }) {
  if (waiting <= 0) return <Badge tone="good">level</Badge>
  return <Badge tone="warn">{formatCount(waiting)} waiting</Badge>
}
