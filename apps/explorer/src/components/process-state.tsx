import { useLoad } from '../api/load.ts'
import { fetchProcesses } from '../api/node.ts'
import { fetchComputeStatus } from '../api/units.ts'
import { formatCount } from '../format.ts'
import { Digest } from './digest.tsx'
import { Badge, Facts, Panel } from './panel.tsx'

type StateProps = { readonly id: string; readonly slots: number; readonly evaluated: number }

/** How the compute unit stands with the process. */
export function ProcessState({ id, slots, evaluated }: StateProps) {
  const status = useLoad(`${id} ${evaluated}`, async (signal) => {
    const { rows } = await fetchProcesses({ search: id, sort: 'oldest' }, 0, 1, signal)
    const at = rows[0]?.at
    return at === undefined ? undefined : fetchComputeStatus(at, signal)
  })
  const { live = false, worker = null, stopped = null, lastError = null } = status.value ?? {}
  const waiting = slots - evaluated
  return (
    <Panel title="State">
      <Facts
        facts={[
          [
            'Evaluation',
            stopped !== null ? (
              <Badge tone="bad">stopped</Badge>
            ) : waiting > 0 ? (
              <Badge tone="warn">{formatCount(waiting)} waiting</Badge>
            ) : (
              <Badge tone="good">level with the log</Badge>
            ),
          ],
          status.value !== undefined && [
            'In memory',
            live ? `yes, thread ${worker}` : 'no, asleep on disk',
          ],
          ['Digest', <Digest processId={id} slot={evaluated - 1} />],
          stopped !== null && ['Why', stopped.error],
          lastError !== null && ['Last error', `slot ${lastError.slot}: ${lastError.text}`],
        ]}
      />
    </Panel>
  )
}
