import type { Journey, Sent } from '../api/journey.ts'
import { useLoad } from '../api/load.ts'
import { fetchAssigned, type Place, placeOf, tagValue } from '../api/units.ts'
import { formatCount } from '../format.ts'
import { useNames } from '../names.ts'
import { paths } from '../paths.ts'
import { Id } from './id.tsx'
import { CertifiedSteps, KeptStep } from './lasting-steps.tsx'
import { letterTones } from './letters.tsx'
import { Badge } from './panel.tsx'
import { between, Step } from './step.tsx'
import { Age } from './time.tsx'

/** The stations of a message in their order. */
export function Steps({ journey }: { journey: Journey }) {
  const { place, moments, result, sent, lasting } = journey
  const { receivedMs, scheduledMs, evaluatedMs } = moments
  return (
    <>
      <ol class="steps">
        <Received journey={journey} />
        <Step
          state="done"
          title={`Given slot ${formatCount(place.slot)}`}
          atMs={place.timestampMs}
          tookMs={between(receivedMs, place.timestampMs)}
        >
          the scheduler signed its assignment
        </Step>
        <Step
          state="done"
          title="Durable"
          atMs={scheduledMs}
          isForgotten={scheduledMs === undefined}
          tookMs={between(place.timestampMs, scheduledMs)}
        >
          message and assignment are on the disk
        </Step>
        <Evaluated journey={journey} tookMs={between(scheduledMs, evaluatedMs)} />
        {result !== undefined && sent.length === 0 && (
          <Step state="done" title="Nothing to push" atMs={evaluatedMs}>
            it sent and spawned nothing
          </Step>
        )}
        {sent.map((one) => (
          <Pushed key={one.deliveryId} sent={one} evaluatedMs={evaluatedMs} />
        ))}
        {result !== undefined && (
          <>
            <CertifiedSteps lasting={lasting} moments={moments} />
            <KeptStep lasting={lasting} />
          </>
        )}
      </ol>
      {scheduledMs === undefined && (
        <p class="pad quiet">
          The other times are kept in memory only: those of a node’s newest slots, since it was
          started.
        </p>
      )}
    </>
  )
}

/** Whose it is, and how it came: what is pushed names its sender. */
function Received({ journey: { assigned, moments } }: { journey: Journey }) {
  const { message } = assigned
  const { receivedMs } = moments
  const tags = message?.tags
  const sender = tagValue(tags, 'From-Process')
  const from = sender ?? message?.owner.address ?? ''
  const names = useNames([from])
  const cron = tagValue(tags, 'Cron-Tick')
  const when = { atMs: receivedMs, isForgotten: receivedMs === undefined }
  if (cron !== undefined) {
    return (
      <Step state="done" title="Received" {...when}>
        a tick of this node: every {cron.replace('-', ' ')}
      </Step>
    )
  }
  return (
    <Step state="done" title="Received" {...when}>
      {sender === undefined ? 'signed by ' : 'pushed from '}
      <Id id={from} name={names.get(from)} to={paths.search(from)} />, its signature checked
    </Step>
  )
}

function Evaluated({ journey, tookMs }: { journey: Journey; tookMs: number | undefined }) {
  const { moments, result, place } = journey
  if (!moments.evaluated) {
    return (
      <Step state="waiting" title="Waits for evaluation">
        the compute unit has not come to slot {formatCount(place.slot)} yet
      </Step>
    )
  }
  const isFailed = Boolean(result?.Error)
  return (
    <Step
      state={isFailed ? 'failed' : 'done'}
      title={isFailed ? 'Failed' : 'Evaluated'}
      atMs={moments.evaluatedMs}
      isForgotten={moments.evaluatedMs === undefined}
      tookMs={tookMs}
    >
      {isFailed
        ? 'the process is as if it never came; the error is the result'
        : 'the result and all it sends are durable'}
    </Step>
  )
}

const secondMs = 1000
const verbs = { message: 'Pushed', spawn: 'Spawned', assign: 'Assigned' } as const

function Pushed({ sent, evaluatedMs }: { sent: Sent; evaluatedMs: number | undefined }) {
  const { item, letter, kind } = sent
  const itemId = item?.id ?? ''
  // What an account gets is kept, not scheduled: only messages to processes have a slot.
  const names = useNames([sent.target])
  const isProcess = typeof names.get(sent.target) === 'string'
  const isScheduled = kind === 'spawn' || isProcess
  const arrived = useLoad(isScheduled ? itemId : '', (signal) => fetchAssigned(itemId, signal))
  const place = arrived.value === undefined ? undefined : placeOf(arrived.value)
  // Of what has no slot only the index knows, and to the second.
  const keptMs = item?.ingested_at == null ? undefined : item.ingested_at * secondMs
  const arrival = isScheduled ? { atMs: place?.timestampMs } : { atMs: keptMs, isCoarse: true }
  const isDead = letter?.state === 'dead'
  // An assignment makes no item: once no letter of it is left, it is there.
  const isThere = item !== undefined || (kind === 'assign' && letter === undefined)
  const state = isDead ? 'failed' : isThere ? 'done' : 'waiting'
  const action = sent.action === '' ? '' : ` ${sent.action}`
  return (
    <Step
      state={state}
      title={`${verbs[kind]}${kind === 'assign' ? '' : action}`}
      {...arrival}
      tookMs={between(evaluatedMs, place?.timestampMs)}
    >
      <Arrival sent={sent} place={place} />
    </Step>
  )
}

function Arrival({ sent, place }: { sent: Sent; place: Place | undefined }) {
  const { item, letter, target, kind } = sent
  const names = useNames([target])
  const to =
    target === '' ? null : <Id id={target} name={names.get(target)} to={paths.search(target)} />
  if (letter !== undefined && item === undefined) {
    return (
      <>
        to {to} <Badge tone={letterTones[letter.state] ?? 'quiet'}>{letter.state}</Badge>{' '}
        {letter.lastError}
        {letter.nextRetry !== undefined && (
          <>
            {' '}
            · tried again <Age ms={letter.nextRetry} />
          </>
        )}
      </>
    )
  }
  if (item === undefined)
    return (
      <>
        to {to}
        {kind === 'assign' ? '' : ', on its way'}
      </>
    )
  const isKept = names.get(target) === null
  if (kind === 'spawn') {
    return (
      <>
        as process <Id id={item.id} to={paths.process(item.id)} />
      </>
    )
  }
  return (
    <>
      to {to} as{' '}
      <Id id={item.id} to={place === undefined ? paths.item(item.id) : paths.message(item.id)} />
      {place !== undefined && `, slot ${formatCount(place.slot)}`}
      {isKept && ', kept for that account'}
    </>
  )
}
