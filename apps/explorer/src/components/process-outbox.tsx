import { useLoad } from '../api/load.ts'
import { fetchOutbox } from '../api/units.ts'
import { formatCount } from '../format.ts'
import { Letters } from './letters.tsx'
import { Panel } from './panel.tsx'
import { Empty, Failure, Loading } from './state.tsx'

const deliveredShown = 200

/** What the process sent: first what is not through, then what is. */
export function ProcessOutbox({ id, evaluated }: { id: string; evaluated: number }) {
  const { value, error, reload } = useLoad(`${id} ${evaluated}`, async (signal) => {
    const [open, done] = await Promise.all([
      fetchOutbox({ processId: id }, signal),
      fetchOutbox({ processId: id, state: 'delivered', limit: deliveredShown }, signal),
    ])
    return { open: open.entries, done: done.entries, through: open.throughSlot ?? 0 }
  })
  if (error !== undefined) return <Failure error={error} onRetry={reload} />
  if (value === undefined) return <Loading rows={6} />
  const all = [...value.open, ...value.done]
  return (
    <Panel
      title="Outbox"
      aside={<span class="quiet">all before slot {formatCount(value.through)} is through</span>}
    >
      {all.length === 0 ? (
        <Empty title="Nothing sent">This process has not sent or spawned anything yet.</Empty>
      ) : (
        <Letters letters={all} label="Outbox" />
      )}
    </Panel>
  )
}
