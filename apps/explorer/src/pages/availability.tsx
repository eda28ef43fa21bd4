import { useState } from 'preact/hooks'
import { fetchDaStatus, fetchStorers, type StorerState } from '../api/availability.ts'
import { useLoad } from '../api/load.ts'
import { fetchBlobs } from '../api/node.ts'
import { BlobTable } from '../components/blob-table.tsx'
import { Id } from '../components/id.tsx'
import { Facts, PageHead, Panel } from '../components/panel.tsx'
import { PutBlob } from '../components/put-blob.tsx'
import { Failure, Loading } from '../components/state.tsx'
import { formatBytes, formatCount, shortId } from '../format.ts'
import { paths } from '../paths.ts'
import { Link, navigate } from '../router.tsx'
import { useTitle } from '../title.ts'

/** The wide lane: what was published, who stores it, and a blob of one's own. */
export function AvailabilityPage() {
  useTitle('Availability')
  const status = useLoad('da', fetchDaStatus)
  const blobs = useLoad('blobs', fetchBlobs)
  const storers = useLoad('storers', fetchStorers)
  const onPut = () => {
    for (const load of [status, blobs, storers]) load.reload()
  }
  return (
    <>
      <PageHead kind="Wide lane" title="Availability">
        <p class="lead">
          A blob is coded into rows, each storer holds a few, and a certificate says that enough of
          them are held to rebuild it.
        </p>
      </PageHead>
      {status.error !== undefined && <Failure error={status.error} onRetry={status.reload} />}
      {status.isLoading && <Loading />}
      {status.value !== undefined && (
        <div class="columns">
          <div class="stack">
            <BlobTable blobs={blobs} />
            <Panel title="Who stores" aside={<Link to={paths.stake()}>Stake of each</Link>}>
              {storers.error !== undefined && (
                <Failure error={storers.error} onRetry={storers.reload} />
              )}
              {storers.isLoading && <Loading rows={4} />}
              {storers.value !== undefined && <StorerGrid storers={storers.value.storers} />}
            </Panel>
          </div>
          <div class="stack">
            {status.value.publishes && <PutBlob onPut={onPut} />}
            <FindBlob />
            <Panel title="Storer set">
              <Facts
                facts={[
                  ['Epoch', formatCount(status.value.epoch)],
                  ['Storers', formatCount(status.value.storers)],
                  ['Set', <Id id={status.value.storerSet} copy />],
                  ['Certificates', formatCount(status.value.certificates)],
                  ['Takes blobs', status.value.publishes ? 'yes' : 'no'],
                ]}
              />
            </Panel>
          </div>
        </div>
      )}
    </>
  )
}

/** A cell for each storer: whether it answers and how much it holds. */
function StorerGrid({ storers }: { storers: readonly StorerState[] }) {
  const most = Math.max(1, ...storers.map(({ heldBytes = 0 }) => heldBytes))
  return (
    <ul class="storers">
      {storers.map(({ storer, isReachable, rows = 0, heldBytes = 0 }, at) => (
        <li key={storer} class={isReachable ? 'storer' : 'storer storer-away'} title={storer}>
          <span class="mono">{shortId(storer)}</span>
          <span class="quiet">
            {isReachable ? `${formatCount(rows)} rows, ${formatBytes(heldBytes)}` : 'away'}
          </span>
          <meter value={heldBytes} max={most} aria-label={`Held by storer ${at}`} />
        </li>
      ))}
    </ul>
  )
}

function FindBlob() {
  const [name, setName] = useState('')
  return (
    <Panel title="Find a blob">
      <form
        class="form pad"
        onSubmit={(event) => {
          event.preventDefault()
          if (name.trim() !== '') navigate(paths.blob(name.trim()))
        }}
      >
        <label class="field">
          <span>Commitment</span>
          <input
            class="mono"
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <p class="actions">
          <button type="submit" class="button">
            Show
          </button>
        </p>
      </form>
    </Panel>
  )
}
