import type { ComponentChildren } from 'preact'
import { formatDuration } from '../format.ts'
import { Moment } from './time.tsx'

/** `off`: not for this message, and the page says why. */
type State = 'done' | 'waiting' | 'failed' | 'off'

type StepProps = {
  readonly state: State
  readonly title: string
  readonly atMs?: number | undefined
  /** The time is known to the second only. */
  readonly isCoarse?: boolean
  /** It happened, and the node does not know any more when. */
  readonly isForgotten?: boolean
  /** Since the step before. */
  readonly tookMs?: number | undefined
  readonly children?: ComponentChildren
}

/** A station in the life of a message. */
export function Step(props: StepProps) {
  const { state, title, atMs, isCoarse = false, isForgotten = false, tookMs, children } = props
  return (
    <li class={`step step-${state}`}>
      <div class="step-line">
        <b>{title}</b>
        <span class="step-times">
          {tookMs !== undefined && (
            <span class="quiet">
              {tookMs < 1 ? '' : '+'}
              {formatDuration(tookMs)}
            </span>
          )}
          {atMs !== undefined && <Moment ms={atMs} isCoarse={isCoarse} />}
          {isForgotten && <span class="quiet">time not kept</span>}
        </span>
      </div>
      {children !== undefined && <p>{children}</p>}
    </li>
  )
}

/** From one moment to another, where both are known. Milliseconds. */
export function between(fromMs: number | undefined, toMs: number | undefined): number | undefined {
  return fromMs === undefined || toMs === undefined ? undefined : Math.max(0, toMs - fromMs)
}
