import { useEffect } from 'preact/hooks'
import { type Journey, readJourney } from '../api/journey.ts'
import { useLive } from '../api/live.ts'
import { useLoad } from '../api/load.ts'
import { isMissing } from '../api/request.ts'
import { outputText, tagValue } from '../api/units.ts'
import { Data } from '../components/code.tsx'
import { Digest } from '../components/digest.tsx'
import { FailedPage } from '../components/failed-page.tsx'
import { Id } from '../components/id.tsx'
import { Facts, PageHead, Panel } from '../components/panel.tsx'
import { Proof } from '../components/proof.tsx'
import { ProvenanceLink } from '../components/provenance-link.tsx'
import { Loading } from '../components/state.tsx'
import { Steps } from '../components/steps.tsx'
import { Tags } from '../components/tags.tsx'
import { formatCount, shortId } from '../format.ts'
import { useNames } from '../names.ts'
import { paths } from '../paths.ts'
import { Link } from '../router.tsx'
import { useThrottle } from '../throttle.ts'
import { useTitle } from '../title.ts'

const refreshMs = 500
/** Between two looks at what is still to come. */
const waitMs = 2000

/** One message through its life. */
export function MessagePage({ id }: { id: string }) {
  useTitle(`Message ${shortId(id)}`)
  const journey = useLoad(id, (signal) => readJourney(id, signal))
  if (journey.error !== undefined) {
    return (
      <FailedPage kind="Message" id={id} error={journey.error} onRetry={journey.reload}>
        {isMissing(journey.error) && (
          <p class="quiet">
            No log here has it; it may be an item: <Link to={paths.item(id)}>look there</Link>.
          </p>
        )}
      </FailedPage>
    )
  }
  if (journey.value === undefined) return <Loading rows={8} />
  return <KnownMessage id={id} journey={journey.value} reload={journey.reload} />
}

type KnownProps = { readonly id: string; readonly journey: Journey; reload(): void }

function KnownMessage({ id, journey, reload }: KnownProps) {
  const { assigned, place, result } = journey
  const { message } = assigned
  const refresh = useThrottle(reload, refreshMs)
  useLive(journey.isSettled ? {} : { onSlots: refresh }, place.processId)
  // Certificates and rollups come without a slot that tells of them.
  useEffect(() => {
    if (journey.isSettled) return
    const again = setTimeout(reload, waitMs)
    return () => clearTimeout(again)
  }, [journey])
  const action = tagValue(message?.tags, 'Action')
  const from = tagValue(message?.tags, 'From-Process') ?? message?.owner.address ?? ''
  const names = useNames([place.processId, from])
  const output = outputText(result?.Output)
  return (
    <>
      <PageHead
        kind="Message"
        title={action ?? (place.slot === 0 ? 'Spawn' : shortId(id))}
        actions={<ProvenanceLink id={id} />}
      >
        <Id id={id} whole />
      </PageHead>
      <div class="columns">
        <Panel title="Its life">
          <Steps journey={journey} />
        </Panel>
        <div class="stack">
          <Panel title="About">
            <Facts
              facts={[
                [
                  'Process',
                  <Id
                    id={place.processId}
                    name={names.get(place.processId)}
                    to={paths.process(place.processId)}
                  />,
                ],
                ['Slot', formatCount(place.slot)],
                ['From', <Id id={from} name={names.get(from)} to={paths.search(from)} copy />],
                result?.GasUsed !== undefined && ['Gas', formatCount(result.GasUsed)],
                ['Block', formatCount(place.blockHeight)],
                ['Epoch', String(place.epoch)],
                result !== undefined && [
                  'Digest after it',
                  <Digest processId={place.processId} slot={place.slot} />,
                ],
              ]}
            />
          </Panel>
          <Proof id={id} />
        </div>
      </div>
      {result?.Error ? (
        <Panel title="Error">
          <Data text={String(result.Error)} label="Error" />
        </Panel>
      ) : null}
      {output !== '' && (
        <Panel title="Output">
          <Data text={output} label="Output" />
        </Panel>
      )}
      {message !== null && (
        <Panel title="Message">
          <Tags tags={message.tags} />
          {message.data === null ? (
            <p class="quiet pad">
              The data is no text: <Link to={paths.item(id)}>see it as an item</Link>.
            </p>
          ) : (
            message.data.trim() !== '' && <Data text={message.data} />
          )}
        </Panel>
      )}
      <Panel title="Assignment">
        <Tags tags={assigned.assignment.tags} />
      </Panel>
    </>
  )
}
