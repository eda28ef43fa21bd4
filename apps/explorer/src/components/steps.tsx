import type { ComponentChildren } from 'preact'
import type { Journey, Lasting, Sent } from '../api/journey.ts'
import { useLoad } from '../api/load.ts'
import { fetchAssigned, type Place, placeOf } from '../api/units.ts'
import { formatCount, formatDuration } from '../format.ts'
import { useNames } from '../names.ts'
import { paths } from '../paths.ts'
import { Id } from './id.tsx'
import { letterTones } from './letters.tsx'
import { Badge } from './panel.tsx'
import { Age, Moment } from './time.tsx'

type State = 'done' | 'waiting' | 'failed'

type StepProps = {
  readonly state: State
  readonly title: string
  readonly atMs?: number | undefined
  /** Since the step before. */
  readonly tookMs?: number | undefined
  readonly children?: ComponentChildren
}

/** The stations of a message in their order. */
export function Steps({ journey }: { journey: Journey }) {
  const { place, moments, result, sent, lasting } = journey
  const { scheduledMs, evaluatedMs } = moments
  return (
    <ol class="steps">
      <Step state="done" title={`Given slot ${formatCount(place.slot)}`} atMs={place.timestampMs}>
        the scheduler signed its assignment
      </Step>
      <Step
        state="done"
        title="Durable"
        atMs={scheduledMs}
        tookMs={between(place.timestampMs, scheduledMs)}
      >
        message and assignment are on the disk
      </Step>
      <Evaluated journey={journey} tookMs={between(scheduledMs, evaluatedMs)} />
      {result !== undefined && sent.length === 0 && (
        <Step state="done" title="Nothing to push">
          it sent and spawned nothing
        </Step>
      )}
      {sent.map((one) => (
        <Pushed key={one.deliveryId} sent={one} evaluatedMs={evaluatedMs} />
      ))}
      {result !== undefined && <LastingSteps lasting={lasting} />}
    </ol>
  )
}

/** What makes the slot outlive this node. */
function LastingSteps({ lasting: { certified, kept } }: { lasting: Lasting }) {
  return (
    <>
      {certified !== undefined && (
        <Step
          state={certified.isDone ? 'done' : 'waiting'}
          title={certified.isDone ? 'Published and certified' : 'Waits for storers'}
        >
          {certified.commitment === undefined ? (
            'storers sign for its rows'
          ) : (
            <>
              storers signed for its rows in blob{' '}
              <Id id={certified.commitment} to={paths.blob(certified.commitment)} />
            </>
          )}
        </Step>
      )}
      {kept !== undefined && (
        <Step
          state={kept.isDone ? 'done' : 'waiting'}
          title={kept.isDone ? 'Kept' : 'Waits for the next rollup'}
        >
          {kept.bundle === undefined || !kept.isDone ? (
            'logs are rolled up into the store now and then'
          ) : (
            <>
              in the store; the newest bundle of its log is{' '}
              <Id id={kept.bundle} to={paths.item(kept.bundle)} />
            </>
          )}
        </Step>
      )}
    </>
  )
}

function between(fromMs: number | undefined, toMs: number | undefined): number | undefined {
  return fromMs === undefined || toMs === undefined ? undefined : Math.max(0, toMs - fromMs)
}

function Step({ state, title, atMs, tookMs, children }: StepProps) {
  return (
    <li class={`step step-${state}`}>
      <div class="step-line">
        <b>{title}</b>
        <span class="step-times">
          {tookMs !== undefined && <span class="quiet">+{formatDuration(tookMs)}</span>}
          {atMs !== undefined && <Moment ms={atMs} />}
        </span>
      </div>
      {children !== undefined && <p>{children}</p>}
    </li>
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
      tookMs={tookMs}
    >
      {isFailed
        ? 'the process is as if it never came; the error is the result'
        : 'the result and all it sends are durable'}
      {moments.evaluatedMs === undefined && (
        <span class="quiet"> · before this node last started</span>
      )}
    </Step>
  )
}

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
  const isDead = letter?.state === 'dead'
  const state = isDead ? 'failed' : item !== undefined ? 'done' : 'waiting'
  const action = sent.action === '' ? '' : ` ${sent.action}`
  return (
    <Step
      state={state}
      title={`${verbs[kind]}${kind === 'assign' ? '' : action}`}
      atMs={place?.timestampMs}
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
  if (item === undefined) return <>to {to}, on its way</>
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
