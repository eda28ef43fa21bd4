import { useCallback, useEffect, useRef, useState } from 'preact/hooks'

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
  const isUnderWay = useRef(false)
  const isWanted = useRef(false)
  // The key names what `load` loads
  useEffect(() => {
    if (key === '') return
    const gone = new AbortController()
    isUnderWay.current = true
    isWanted.current = false
    const settle = (held: Held<T>) => {
      if (gone.signal.aborted) return
      isUnderWay.current = false
      setHeld(held)
      if (isWanted.current) setRound((count) => count + 1)
    }
    load(gone.signal).then(
      (value) => settle({ key, value }),
      (error: unknown) => {
        settle({ key, error: error instanceof Error ? error : new Error(String(error)) })
      },
    )
    return () => {
      gone.abort()
      isUnderWay.current = false
    }
  }, [key, round])
  // A load under way is let end: where the node is slower than what is told of it, none ever would.
  const reload = useCallback(() => {
    if (isUnderWay.current) isWanted.current = true
    else setRound((count) => count + 1)
  }, [])
  const isSame = held.key === key
  return {
    value: isSame ? held.value : undefined,
    error: isSame ? held.error : undefined,
    isLoading: key !== '' && !isSame,
    reload,
  }
}
