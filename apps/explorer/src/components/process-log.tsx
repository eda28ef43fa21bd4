import type { SlotRow } from '@heddle/protocol/api'
import { useEffect, useState } from 'preact/hooks'
import { fetchSlots } from '../api/node.ts'
import { usePagedRows } from '../api/paged-rows.ts'
import { useNames } from '../names.ts'
import { paths } from '../paths.ts'
import { navigate } from '../router.tsx'
import { Id } from './id.tsx'
import { Badge } from './panel.tsx'
import { Failure, Loading } from './state.tsx'
import { Age } from './time.tsx'
import { VirtualRows } from './virtual-rows.tsx'

type LogProps = { readonly id: string; readonly slots: number; readonly evaluated: number }

/** The log, newest slot first. */
export function ProcessLog({ id, slots, evaluated }: LogProps) {
  // Pages are of the log's own order, so that what was loaded stays right as the log grows.
  const [sight, setSight] = useState<readonly [number, number]>([0, 0])
  const list = usePagedRows(id, (from, limit, signal) => fetchSlots(id, from, limit, signal))
  const slotAt = (at: number) => slots - 1 - at
  const inSight = Array.from({ length: sight[1] - sight[0] }, (_, at) => slotAt(sight[0] + at))
  const names = useNames(inSight.map((slot) => list.row(slot)?.from ?? ''))
  // Asked anew as the log moves on
  useEffect(() => list.refresh(), [slots, evaluated])
  if (list.error !== undefined) return <Failure error={list.error} onRetry={list.refresh} />
  if (list.isLoading) return <Loading rows={8} />
  return (
    <VirtualRows
      label="Log"
      layout="rows-log"
      columns={['Slot', 'Action', 'From', 'Gave', 'When']}
      count={slots}
      onRange={(from, to) => {
        setSight([from, to])
        list.need(Math.max(0, slots - to), slots - from)
      }}
      open={(at) => {
        const row = list.row(slotAt(at))
        if (row !== undefined) navigate(paths.message(row.id))
      }}
      row={(at) => list.row(slotAt(at))}
      cells={(row) => cellsOf(row, names)}
      version={names.size}
    />
  )
}

function cellsOf(row: SlotRow, names: ReturnType<typeof useNames>) {
  const name = row.action || (row.cron === undefined ? 'Message' : `Cron ${row.cron}`)
  return [
    <span key="slot" class="mono quiet">
      {row.slot}
    </span>,
    <Id key="id" id={row.id} name={name} to={paths.message(row.id)} />,
    <Id key="from" id={row.from} name={names.get(row.from)} to={paths.search(row.from)} />,
    <Outcome key="outcome" row={row} />,
    <Age key="age" ms={row.timestampMs} />,
  ]
}

function Outcome({ row: { outcome } }: { row: SlotRow }) {
  if (outcome === undefined) return <Badge tone="quiet">waiting</Badge>
  if (outcome.error !== undefined) {
    return (
      <span class="clip" title={outcome.error}>
        <Badge tone="bad">error</Badge> {outcome.error}
      </span>
    )
  }
  const parts = [
    ...(outcome.messages > 0 ? [`${outcome.messages} sent`] : []),
    ...(outcome.spawns > 0 ? [`${outcome.spawns} spawned`] : []),
    ...(outcome.assignments > 0 ? [`${outcome.assignments} assigned`] : []),
    ...(outcome.output === '' ? [] : [outcome.output]),
  ]
  return (
    <span class="clip">
      {parts.length === 0 ? <span class="quiet">–</span> : parts.join(' · ')}
    </span>
  )
}
