import { useLoad } from '../api/load.ts'
import { fetchActivity } from '../api/node.ts'
import { counted, formatBytes, formatCount, formatDuration } from '../format.ts'
import { Facts, Panel } from './panel.tsx'
import { Failure, Loading } from './state.tsx'

/** A new sum is made only when the log has grown by this many slots. */
const slotsPerSum = 25

/** What the newest slots used. */
export function ProcessCost({ id, slots }: { id: string; slots: number }) {
  const step = Math.floor(slots / slotsPerSum)
  const { value, error } = useLoad(`${id} ${step}`, (signal) => fetchActivity(id, signal))
  return (
    <Panel title="Cost" aside={value && <span class="quiet">newest {value.slots} slots</span>}>
      {error !== undefined && <Failure error={error} />}
      {value === undefined ? (
        error === undefined && <Loading />
      ) : (
        <Facts
          facts={[
            ['Gas', formatCount(value.gasUsed)],
            ['Log', formatBytes(value.bytes)],
            ['Sent', `${counted(value.messages, 'message')}, ${counted(value.spawns, 'spawn')}`],
            ['Failed', value.errors === 0 ? 'none' : formatCount(value.errors)],
            ['Over', formatDuration(value.toMs - value.fromMs)],
          ]}
        />
      )}
    </Panel>
  )
}
