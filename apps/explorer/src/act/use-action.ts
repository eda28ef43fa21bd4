import { useEffect, useRef, useState } from 'preact/hooks'

/** Something the reader sets off: under way, done or refused. */
export type Action<T> = {
  readonly isBusy: boolean
  readonly value: T | undefined
  readonly error: Error | undefined
  /** Starts it; one under way is aborted. */
  run(job: (signal: AbortSignal) => Promise<T>): void
}

export function useAction<T>(): Action<T> {
  const [isBusy, setBusy] = useState(false)
  const [value, setValue] = useState<T>()
  const [error, setError] = useState<Error>()
  const gone = useRef(new AbortController())
  useEffect(() => () => gone.current.abort(), [])
  const run = (job: (signal: AbortSignal) => Promise<T>) => {
    gone.current.abort()
    gone.current = new AbortController()
    const { signal } = gone.current
    setBusy(true)
    setError(undefined)
    setValue(undefined)
    // A job may throw before it is a promise.
    const started = Promise.resolve().then(() => job(signal))
    started
      .then(
        (done) => {
          if (!signal.aborted) setValue(() => done)
        },
        (fault: unknown) => {
          if (!signal.aborted) setError(fault instanceof Error ? fault : new Error(String(fault)))
        },
      )
      .finally(() => {
        if (!signal.aborted) setBusy(false)
      })
  }
  return { isBusy, value, error, run }
}
