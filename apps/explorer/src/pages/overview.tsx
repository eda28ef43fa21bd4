import type { Overview, PeerState, Sample, SlotEvent } from '@heddle/protocol/api'
import { useCallback, useRef, useState } from 'preact/hooks'
import { useLive } from '../api/live.ts'
import { useLoad } from '../api/load.ts'
import { fetchHealth, fetchOverview } from '../api/node.ts'
import { fetchOutbox } from '../api/units.ts'
import { Figure, Figures } from '../components/figures.tsx'
import { Id } from '../components/id.tsx'
import { LiveSlots } from '../components/live-slots.tsx'
import { Charts } from '../components/overview-charts.tsx'
import { Badge, Facts, PageHead, Panel } from '../components/panel.tsx'
import { Empty, Failure, Loading } from '../components/state.tsx'
import { formatBytes, formatCount, formatDuration, formatShort } from '../format.ts'
import { paths } from '../paths.ts'
import { Link } from '../router.tsx'
import { useTitle } from '../title.ts'

const samplesMax = 900
const slotsShown = 12

/** The node as a whole, live. */
export function OverviewPage() {
  useTitle('Overview')
  const first = useLoad('overview', fetchOverview)
  if (first.error !== undefined) return <Failure error={first.error} onRetry={first.reload} />
  if (first.value === undefined) return <Loading rows={8} />
  return <LiveOverview first={first.value} />
}

function LiveOverview({ first }: { first: Overview }) {
  const [samples, setSamples] = useState(first.samples)
  const [peers, setPeers] = useState(first.peers)
  const [slots, setSlots] = useState(() => newestSlots([], first.recent))
  const isOpen = useLive({
    onSample: (sample) => setSamples((all) => [...all, sample].slice(-samplesMax)),
    onPeers: setPeers,
    onSlots: useCallback((events: readonly SlotEvent[]) => {
      setSlots((shown) => newestSlots(shown, events))
    }, []),
  })
  const now = samples.at(-1)
  return (
    <>
      <PageHead
        kind="This node"
        title="Overview"
        actions={<Badge tone={isOpen ? 'good' : 'warn'}>{isOpen ? 'live' : 'connecting'}</Badge>}
      />
      {now !== undefined && <NowFigures now={now} />}
      <Charts samples={samples} />
      <div class="columns">
        <Panel title="Slots as they come" aside={<Link to={paths.processes()}>All processes</Link>}>
          <LiveSlots slots={slots} />
        </Panel>
        <div class="stack">
          <NodePanel />
          <PeersPanel peers={peers} />
        </div>
      </div>
    </>
  )
}

/** Newest first; an evaluation takes the place of the slot it is of. */
function newestSlots(
  shown: readonly SlotEvent[],
  events: readonly SlotEvent[],
): readonly SlotEvent[] {
  const seen = new Map<string, SlotEvent>()
  for (const event of [...events.slice(-2 * slotsShown).reverse(), ...shown]) {
    const key = `${event.processId}/${event.slot}`
    if (!seen.has(key)) seen.set(key, event)
    if (seen.size >= slotsShown) break
  }
  return [...seen.values()]
}

function NowFigures({ now }: { now: Sample }) {
  const most = useRef(0)
  most.current = Math.max(most.current, now.scheduledPerSecond)
  const used = now.diskUsedBytes + now.diskFreeBytes
  return (
    <Figures>
      <Figure name="Messages a second" value={formatShort(now.scheduledPerSecond)}>
        at most {formatShort(most.current)} since you look
      </Figure>
      <Figure
        name="Slot to result"
        value={now.latencyMedianMs === null ? '–' : formatDuration(now.latencyMedianMs)}
      >
        {now.latencyHighMs === null
          ? 'nothing came this second'
          : `99 in 100 within ${formatDuration(now.latencyHighMs)}`}
      </Figure>
      <Figure name="Waiting" value={formatShort(now.backlogSlots)}>
        slots without a result
      </Figure>
      <Figure name="Processes" value={formatShort(now.processes)}>
        block {formatCount(now.height)}
      </Figure>
      <Figure name="On disk" value={formatBytes(now.diskUsedBytes)}>
        of {formatBytes(used)}, {formatBytes(now.diskFreeBytes)} free
      </Figure>
    </Figures>
  )
}

function NodePanel() {
  const health = useLoad('health', fetchHealth)
  const dead = useLoad('dead', (signal) => fetchOutbox({ state: 'dead' }, signal))
  const value = health.value
  const count = dead.value?.entries.length
  return (
    <Panel title="Node">
      {health.error !== undefined && <Failure error={health.error} onRetry={health.reload} />}
      {value === undefined ? (
        health.isLoading && <Loading />
      ) : (
        <Facts
          facts={[
            ['Address', <Id id={value.address} to={paths.account(value.address)} copy />],
            ['Version', value.version],
            ['Roles', value.roles.join(', ')],
            ['js module', <Id id={value.modules.js} to={paths.item(value.modules.js)} copy />],
            [
              'Dead letters',
              <Link to={paths.deadLetters()}>
                {count === undefined ? '…' : count === 0 ? 'none' : count}
              </Link>,
            ],
          ]}
        />
      )}
    </Panel>
  )
}

const peerTones = { here: 'good', away: 'bad', unknown: 'quiet' } as const

function PeersPanel({ peers }: { peers: readonly PeerState[] }) {
  return (
    <Panel title="Peers">
      {peers.length === 0 ? (
        <Empty title="On its own">
          Start it with <code>--peer URL</code> to join others.
        </Empty>
      ) : (
        <ul class="list">
          {peers.map(({ url, state, roundTripMs }) => (
            <li key={url}>
              <span class="mono">{url}</span>
              <Badge tone={peerTones[state]}>
                {roundTripMs === undefined ? state : formatDuration(roundTripMs)}
              </Badge>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}
