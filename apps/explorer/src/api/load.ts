import { useCallback, useEffect, useState } from 'preact/hooks'

/** Something on its way, here, or refused. A value stays while it is loaded anew. */
export type Load<T> = {
  readonly value: T | undefined
  readonly error: Error | undefined
  readonly isLoading: boolean
  reload(): void
}

type Held<T> = { readonly key: string; readonly value?: T; readonly error?: Error }

/** Loads whenever the key changes or `reload` is called; an empty key loads nothing. */
export function useLoad<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Load<T> {
  const [held, setHeld] = useState<Held<T>>({ key: '' })
  const [round, setRound] = useState(0)
  // The key names what `load` loads
  useEffect(() => {
    if (key === '') return
    const gone = new AbortController()
    load(gone.signal).then(
      (value) => {
        if (!gone.signal.aborted) setHeld({ key, value })
      },
      (error: unknown) => {
        const fault = error instanceof Error ? error : new Error(String(error))
        if (!gone.signal.aborted) setHeld({ key, error: fault })
      },
    )
    return () => gone.abort()
  }, [key, round])
  const reload = useCallback(() => setRound((count) => count + 1), [])
  const isSame = held.key === key
  return {
    value: isSame ? held.value : undefined,
    error: isSame ? held.error : undefined,
    isLoading: key !== '' && !isSame,
    reload,
  }
}
