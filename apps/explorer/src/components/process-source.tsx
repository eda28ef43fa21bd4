import { useLoad } from '../api/load.ts'
import { fetchAssigned } from '../api/units.ts'
import { Data } from './code.tsx'
import { Panel } from './panel.tsx'
import { Empty, Failure, Loading } from './state.tsx'
import { Tags } from './tags.tsx'

/** What the process was spawned from. */
export function ProcessSource({ id }: { id: string }) {
  const { value, error, reload } = useLoad(id, (signal) => fetchAssigned(id, signal))
  if (error !== undefined) return <Failure error={error} onRetry={reload} />
  if (value === undefined) return <Loading rows={6} />
  const data = value.message?.data?.trim() ?? ''
  return (
    <div class="stack">
      <Panel title="Spawn item">
        <Tags tags={value.message?.tags ?? []} />
      </Panel>
      <Panel title="Source">
        {data === '' ? (
          <Empty title="No source at spawn">
            Actors on aos get theirs later, by messages of Action Eval.
          </Empty>
        ) : (
          <Data text={data} label="Data of the spawn" />
        )}
      </Panel>
    </div>
  )
}
