import type { Sample } from '@heddle/protocol/api'
import { useMemo } from 'preact/hooks'
import { formatBytes, formatDuration, formatShort } from '../format.ts'
import { Chart } from './chart.tsx'
import { Panel } from './panel.tsx'

/** A quarter of an hour of the node, a point a second. */
export function Charts({ samples }: { samples: readonly Sample[] }) {
  const series = useMemo(() => {
    const of = (read: (sample: Sample) => number | null) => samples.map(read)
    return {
      times: of(({ atMs }) => atMs) as number[],
      scheduled: of((sample) => sample.scheduledPerSecond),
      evaluated: of((sample) => sample.evaluatedPerSecond),
      median: of((sample) => sample.latencyMedianMs),
      high: of((sample) => sample.latencyHighMs),
      backlog: of((sample) => sample.backlogSlots),
      memory: of((sample) => sample.memoryBytes),
      disk: of((sample) => sample.diskUsedBytes),
    }
  }, [samples])
  const { times } = series
  return (
    <Panel title="The last quarter of an hour" class="charts">
      <Chart
        title="Throughput, a second"
        times={times}
        format={formatShort}
        lines={[
          { label: 'scheduled', color: '1', values: series.scheduled, fill: true },
          { label: 'evaluated', color: '2', values: series.evaluated },
        ]}
      />
      <Chart
        title="Slot to result"
        times={times}
        format={formatDuration}
        lines={[
          { label: 'median', color: '1', values: series.median },
          { label: '99 in 100', color: '3', values: series.high },
        ]}
      />
      <Chart
        title="Slots waiting"
        times={times}
        format={formatShort}
        lines={[{ label: 'backlog', color: '3', values: series.backlog, fill: true }]}
      />
      <Chart
        title="Memory and disk"
        times={times}
        format={formatBytes}
        lines={[
          { label: 'memory', color: '1', values: series.memory },
          { label: 'disk', color: '4', values: series.disk },
        ]}
      />
    </Panel>
  )
}
