import { useState } from 'preact/hooks'
import { useAction } from '../act/use-action.ts'
import { fetchDaStatus, fetchStorers, type StorerState } from '../api/availability.ts'
import { useLoad } from '../api/load.ts'
import { request } from '../api/request.ts'
import { Id } from '../components/id.tsx'
import { Badge, Facts, PageHead, Panel } from '../components/panel.tsx'
import { Empty, Failure, Loading } from '../components/state.tsx'
import { formatBytes, formatCount } from '../format.ts'
import { paths } from '../paths.ts'
import { Link, navigate } from '../router.tsx'
import { useTitle } from '../title.ts'

const daySeconds = 86_400

/** The wide lane: who stores, and a blob of one's own. */
export function AvailabilityPage() {
  useTitle('Availability')
  const status = useLoad('da', fetchDaStatus)
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
          <Storers />
          <div class="stack">
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
            <FindBlob />
            {status.value.publishes && <PutBlob />}
          </div>
        </div>
      )}
    </>
  )
}

function Storers() {
  const { value, error, reload } = useLoad('storers', fetchStorers)
  return (
    <Panel title="Storers">
      {error !== undefined && <Failure error={error} onRetry={reload} />}
      {value === undefined ? (
        error === undefined && <Loading rows={6} />
      ) : value.length === 0 ? (
        <Empty title="No storers" />
      ) : (
        <table class="table">
          <thead>
            <tr>
              <th scope="col">Storer</th>
              <th scope="col">State</th>
              <th scope="col" class="number">
                Rows
              </th>
              <th scope="col" class="number">
                Held
              </th>
            </tr>
          </thead>
          <tbody>
            {value.map((state) => (
              <StorerRow key={state.storer} state={state} />
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  )
}

function StorerRow({ state: { storer, isReachable, rows, heldBytes } }: { state: StorerState }) {
  return (
    <tr>
      <td>
        <Id id={storer} />
      </td>
      <td>
        <Badge tone={isReachable ? 'good' : 'bad'}>{isReachable ? 'here' : 'away'}</Badge>
      </td>
      <td class="number">{rows === undefined ? '–' : formatCount(rows)}</td>
      <td class="number">{heldBytes === undefined ? '–' : formatBytes(heldBytes)}</td>
    </tr>
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

function PutBlob() {
  const [file, setFile] = useState<File>()
  const [days, setDays] = useState(1)
  const putting = useAction<string>()
  const put = () =>
    putting.run(async (signal) => {
      if (file === undefined) throw new Error('choose a file first')
      const path = `/da/blobs?retention=${days * daySeconds}`
      const answer = await request(path, { method: 'POST', body: file, signal })
      return ((await answer.json()) as { readonly commitment: string }).commitment
    })
  return (
    <Panel title="Put a blob">
      <form
        class="form pad"
        onSubmit={(event) => {
          event.preventDefault()
          put()
        }}
      >
        <input
          type="file"
          aria-label="File"
          onChange={(event) => setFile(event.currentTarget.files?.[0])}
        />
        <label class="field">
          <span>Kept for, days</span>
          <input
            type="number"
            min={1}
            value={days}
            onInput={(event) => setDays(Math.max(1, Number(event.currentTarget.value)))}
          />
        </label>
        <p class="actions">
          <button
            type="submit"
            class="button button-primary"
            disabled={file === undefined || putting.isBusy}
          >
            {putting.isBusy ? 'Being certified …' : 'Put'}
          </button>
        </p>
      </form>
      <div aria-live="polite">
        {putting.error !== undefined && <Failure error={putting.error} />}
        {putting.value !== undefined && (
          <p class="pad">
            Certified: <Link to={paths.blob(putting.value)}>see who holds it</Link>
          </p>
        )}
      </div>
    </Panel>
  )
}
