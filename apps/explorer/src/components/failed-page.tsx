import type { ComponentChildren } from 'preact'
import { shortId } from '../format.ts'
import { Id } from './id.tsx'
import { PageHead } from './panel.tsx'
import { Failure } from './state.tsx'

type FailedProps = {
  readonly kind: string
  readonly id: string
  readonly error: Error
  onRetry(): void
  readonly children?: ComponentChildren
}

/** The page of an id that could not be shown: it still says what it is about. */
export function FailedPage({ kind, id, error, onRetry, children }: FailedProps) {
  return (
    <>
      <PageHead kind={kind} title={shortId(id)}>
        <Id id={id} whole />
      </PageHead>
      <Failure error={error} onRetry={onRetry} />
      {children}
    </>
  )
}
