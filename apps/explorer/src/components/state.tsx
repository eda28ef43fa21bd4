import type { ComponentChildren } from 'preact'
import { isMissing, RequestError } from '../api/request.ts'

/** Shown while something is on its way: rows of the height that will come. */
export function Loading({ rows = 3, label = 'Loading' }: { rows?: number; label?: string }) {
  return (
    <div class="loading" role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, at) => (
        <span key={at} class="loading-bar" />
      ))}
    </div>
  )
}

/** Nothing is here, and what to do about it. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="notice">
      <svg class="notice-mark" viewBox="0 0 48 24" aria-hidden="true">
        <path d="M2 6h44M2 12h44M2 18h44" />
        <path class="weft" d="M10 2v20M24 2v20M38 2v20" />
      </svg>
      <h3>{title}</h3>
      {children !== undefined && <p>{children}</p>}
    </div>
  )
}

/** What went wrong in the node's words, and a way to try again. */
export function Failure({ error, onRetry }: { error: Error; onRetry?: () => void }) {
  const code = error instanceof RequestError && error.code !== '' ? error.code : undefined
  return (
    <div class="notice notice-error" role="alert">
      <h3>{isMissing(error) ? 'Not here' : 'That did not work'}</h3>
      <p>{error.message}</p>
      {code !== undefined && <p class="quiet mono">{code}</p>}
      {onRetry !== undefined && (
        <button type="button" class="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  )
}
