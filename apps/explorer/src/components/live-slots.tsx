import type { SlotEvent } from '@heddle/protocol/api'
import { formatDuration } from '../format.ts'
import { useNames } from '../names.ts'
import { paths } from '../paths.ts'
import { Id } from './id.tsx'
import { Badge } from './panel.tsx'
import { Empty } from './state.tsx'
import { Moment } from './time.tsx'

/** The newest slots of all processes. */
export function LiveSlots({ slots }: { slots: readonly SlotEvent[] }) {
  const names = useNames(slots.map(({ processId }) => processId))
  if (slots.length === 0) {
    return <Empty title="Quiet">Messages show here the moment they get a slot.</Empty>
  }
  return (
    <ol class="slots">
      {slots.map(({ processId, slot, kind, atMs, latencyMs }) => (
        <li key={`${processId}/${slot}`}>
          <Moment ms={atMs} />
          <Id id={processId} name={names.get(processId)} to={paths.process(processId)} />
          <span class="mono quiet">#{slot}</span>
          {kind === 'evaluated' ? (
            <Badge tone="good">
              {latencyMs === undefined ? 'evaluated' : formatDuration(latencyMs)}
            </Badge>
          ) : (
            <Badge tone="quiet">waiting</Badge>
          )}
        </li>
      ))}
    </ol>
  )
}
