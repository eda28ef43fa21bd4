import type { SlotMoments } from '@heddle/protocol/api'
import type { Lasting } from '../api/lasting.ts'
import { formatCount } from '../format.ts'
import { paths } from '../paths.ts'
import { Id } from './id.tsx'
import { between, Step } from './step.tsx'

type LastingProps = { readonly lasting: Lasting }

/** The wide lane: rows of the slot are with storers, and enough of them signed. */
export function CertifiedSteps({
  lasting: { certified },
  moments: { scheduledMs, publishedMs, certifiedMs },
}: LastingProps & { readonly moments: SlotMoments }) {
  if (certified === undefined) {
    return (
      <Step state="off" title="Not published or certified">
        only logs of processes that ask for it go to storers: tag{' '}
        <code>Availability: certified</code>
      </Step>
    )
  }
  const { isDone, commitment, signers, members } = certified
  if (!isDone) {
    return (
      <Step state="waiting" title="Being published">
        its rows go to storers, who sign for them
      </Step>
    )
  }
  const blob = commitment === undefined ? null : <Id id={commitment} to={paths.blob(commitment)} />
  return (
    <>
      <Step
        state="done"
        title="Published"
        atMs={publishedMs}
        isForgotten={publishedMs === undefined}
        tookMs={between(scheduledMs, publishedMs)}
      >
        its rows are with storers{blob !== null && ', in blob '}
        {blob}
      </Step>
      <Step
        state="done"
        title="Certified"
        atMs={certifiedMs}
        isForgotten={certifiedMs === undefined}
        tookMs={between(publishedMs, certifiedMs)}
      >
        {signers === undefined
          ? 'enough storers signed that they hold it'
          : `${formatCount(signers)} of ${formatCount(members ?? 0)} storers signed that they hold it`}
      </Step>
    </>
  )
}

/** The store: the slot is in a signed bundle of its log. */
export function KeptStep({ lasting: { kept } }: LastingProps) {
  if (kept === undefined) return null
  const { isDone, bundle, atMs } = kept
  if (!isDone) {
    return (
      <Step state="waiting" title="Waits for the next rollup">
        logs are rolled up into the store every some seconds
      </Step>
    )
  }
  return (
    <Step state="done" title="Kept" atMs={atMs} isCoarse>
      in the store
      {bundle !== undefined && (
        <>
          , in the bundle <Id id={bundle} to={paths.item(bundle)} />
        </>
      )}
    </Step>
  )
}
