import type { ProcessAnswer } from '@heddle/protocol/api'
import { useLive } from '../api/live.ts'
import { useLoad } from '../api/load.ts'
import { fetchProcess } from '../api/node.ts'
import { FailedPage } from '../components/failed-page.tsx'
import { Id } from '../components/id.tsx'
import { Facts, PageHead, Panel } from '../components/panel.tsx'
import { ProcessCost } from '../components/process-cost.tsx'
import { ProcessLog } from '../components/process-log.tsx'
import { ProcessOutbox } from '../components/process-outbox.tsx'
import { ProcessSource } from '../components/process-source.tsx'
import { ProcessState } from '../components/process-state.tsx'
import { SpawnTree } from '../components/spawn-tree.tsx'
import { Loading } from '../components/state.tsx'
import { Talks } from '../components/talks.tsx'
import { Age } from '../components/time.tsx'
import { formatCount, shortId } from '../format.ts'
import { paths, processTabs } from '../paths.ts'
import { Link } from '../router.tsx'
import { useThrottle } from '../throttle.ts'
import { useTitle } from '../title.ts'

const refreshMs = 500

const tabNames: Readonly<Record<(typeof processTabs)[number], string>> = {
  log: 'Log',
  outbox: 'Outbox',
  talks: 'Talks with',
  spawned: 'Spawn tree',
  source: 'Source',
}

/** One process; its tabs each have an address. */
export function ProcessPage({ id, tab }: { id: string; tab: string }) {
  const facts = useLoad(id, (signal) => fetchProcess(id, signal))
  useTitle(facts.value?.name || `Process ${shortId(id)}`)
  if (facts.error !== undefined) {
    return <FailedPage kind="Process" id={id} error={facts.error} onRetry={facts.reload} />
  }
  if (facts.value === undefined) return <Loading rows={8} />
  return <KnownProcess facts={facts.value} tab={tab} reload={facts.reload} />
}

type KnownProps = { readonly facts: ProcessAnswer; readonly tab: string; reload(): void }

function KnownProcess({ facts, tab, reload }: KnownProps) {
  const { id, name, slots, evaluated } = facts
  const refresh = useThrottle(reload, refreshMs)
  useLive({ onSlots: refresh }, id)
  return (
    <>
      <PageHead
        kind="Process"
        title={name || shortId(id)}
        actions={
          <>
            <Link class="button" to={paths.console({ process: id })}>
              Console
            </Link>
            <Link class="button button-primary" to={paths.send({ process: id })}>
              Send a message
            </Link>
          </>
        }
      >
        <Id id={id} whole />
      </PageHead>
      <div class="thirds">
        <Panel title="About">
          <About facts={facts} />
        </Panel>
        <ProcessState id={id} slots={slots} evaluated={evaluated} />
        <ProcessCost id={id} slots={slots} />
      </div>
      <Tabs id={id} tab={tab} />
      <TabBody tab={tab} facts={facts} />
    </>
  )
}

function About({ facts }: { facts: ProcessAnswer }) {
  const { owner = '', module = '', spawnedMs, parent, parentName, slots } = facts
  return (
    <Facts
      facts={[
        ['Owner', <Id id={owner} to={paths.account(owner)} copy />],
        ['Module', <Id id={module} to={paths.item(module)} copy />],
        parent !== undefined && [
          'Spawned by',
          <Id id={parent} name={parentName} to={paths.process(parent)} />,
        ],
        spawnedMs !== undefined && ['Spawned', <Age ms={spawnedMs} />],
        ['Slots', formatCount(slots)],
      ]}
    />
  )
}

function Tabs({ id, tab }: { id: string; tab: string }) {
  return (
    <nav class="tabs" aria-label="Parts of the process">
      {processTabs.map((name) => (
        <Link
          key={name}
          to={paths.processTab(id, name)}
          {...(name === tab ? { 'aria-current': 'page' as const } : {})}
        >
          {tabNames[name]}
        </Link>
      ))}
    </nav>
  )
}

function TabBody({ tab, facts }: { tab: string; facts: ProcessAnswer }) {
  const { id, slots, evaluated } = facts
  if (tab === 'outbox') return <ProcessOutbox id={id} evaluated={evaluated} />
  if (tab === 'talks') return <Talks id={id} name={facts.name} evaluated={evaluated} />
  if (tab === 'spawned') return <SpawnTree facts={facts} />
  if (tab === 'source') return <ProcessSource id={id} />
  return <ProcessLog id={id} slots={slots} evaluated={evaluated} />
}
