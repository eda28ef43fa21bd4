import {
  fetchDaStatus,
  fetchStorers,
  type StakedStorer,
  type StorerSet,
} from '../api/availability.ts'
import { useLoad } from '../api/load.ts'
import { Figure, Figures } from '../components/figures.tsx'
import { Id } from '../components/id.tsx'
import { Badge, Facts, PageHead, Panel } from '../components/panel.tsx'
import { Empty, Failure, Loading } from '../components/state.tsx'
import { Table } from '../components/table.tsx'
import { counted, formatBytes, formatCount } from '../format.ts'
import { paths } from '../paths.ts'
import { Link } from '../router.tsx'
import { useTitle } from '../title.ts'

/** Who has a stake in the wide lane, what it is worth, and what each holds for it. */
export function StakePage() {
  useTitle('Stake')
  const { value, error, reload } = useLoad('storers', fetchStorers)
  return (
    <>
      <PageHead kind="Who" title="Stake">
        <p class="lead">
          Rows of a blob are drawn by stake: who has more holds more. It is stated in the storer
          set, which certificates name; no balance is behind it on one machine.
        </p>
      </PageHead>
      {error !== undefined && <Failure error={error} onRetry={reload} />}
      {value === undefined ? (
        error === undefined && <Loading rows={8} />
      ) : value.storers.length === 0 ? (
        <Empty title="No storers">
          Start the node with <code>--storers 24</code> to have a wide lane.
        </Empty>
      ) : (
        <KnownSet set={value} />
      )}
    </>
  )
}

function KnownSet({ set: { epoch, beacon, storers } }: { set: StorerSet }) {
  const total = storers.reduce((sum, { stake }) => sum + stake, 0n)
  const here = storers.filter(({ isReachable }) => isReachable)
  const stakeHere = here.reduce((sum, { stake }) => sum + stake, 0n)
  const held = here.reduce((sum, { heldBytes = 0 }) => sum + heldBytes, 0)
  return (
    <>
      <Figures>
        <Figure name="Storers" value={formatCount(storers.length)}>
          {formatCount(here.length)} of them answer
        </Figure>
        <Figure name="Stake" value={total.toLocaleString('en')}>
          {percent(stakeHere, total)} answers now
        </Figure>
        <Figure name="Held" value={formatBytes(held)}>
          by those that answer
        </Figure>
        <Figure name="Epoch" value={formatCount(epoch)}>
          beacon <Id id={beacon} copy />
        </Figure>
      </Figures>
      <Committees />
      <Panel title={counted(storers.length, 'storer')}>
        <StorerTable storers={storers} total={total} />
      </Panel>
    </>
  )
}

function Committees() {
  const { value } = useLoad('da', fetchDaStatus)
  if (value === undefined || value.committees.length === 0) return null
  return (
    <Panel
      title="What a certificate rests on"
      aside={<Link to={paths.availability()}>Availability</Link>}
    >
      <Facts
        facts={value.committees.map(({ k, n, faultyRows, certificateRows, soundnessBits }) => [
          `${k} of ${n} rows`,
          <span key={k}>
            {certificateRows} rows signed for. Were {faultyRows} of them with liars, {k} are left to
            rebuild the blob. Rows of two blobs verify together with a chance of 2
            <sup>−{Math.floor(soundnessBits)}</sup> a try.
          </span>,
        ])}
      />
    </Panel>
  )
}

type TableProps = { readonly storers: readonly StakedStorer[]; readonly total: bigint }

function StorerTable({ storers, total }: TableProps) {
  return (
    <Table
      label="Storers by stake"
      columns={[
        'Storer',
        'State',
        { number: 'Stake' },
        { number: 'Share' },
        { number: 'Blobs' },
        { number: 'Rows' },
        { number: 'Held' },
        { number: 'Room' },
        'At',
      ]}
    >
      {storers.map((storer) => (
        <StorerRow key={storer.storer} storer={storer} total={total} />
      ))}
    </Table>
  )
}

function StorerRow({ storer: one, total }: { storer: StakedStorer; total: bigint }) {
  const { storer, isReachable, stake, blobs, rows, heldBytes, capacityBytes, host, port } = one
  const count = (value: number | undefined) => (value === undefined ? '–' : formatCount(value))
  const bytes = (value: number | undefined) => (value === undefined ? '–' : formatBytes(value))
  return (
    <tr>
      <td>
        <Id id={storer} copy />
      </td>
      <td>
        <Badge tone={isReachable ? 'good' : 'bad'}>{isReachable ? 'here' : 'away'}</Badge>
      </td>
      <td class="number">{stake.toLocaleString('en')}</td>
      <td class="number">{percent(stake, total)}</td>
      <td class="number">{count(blobs)}</td>
      <td class="number">{count(rows)}</td>
      <td class="number">{bytes(heldBytes)}</td>
      <td class="number">{bytes(capacityBytes)}</td>
      <td class="mono nowrap">{`${host}:${port}`}</td>
    </tr>
  )
}

function percent(part: bigint, total: bigint): string {
  if (total === 0n) return '–'
  return `${((Number(part) / Number(total)) * 100).toFixed(1)} %`
}
