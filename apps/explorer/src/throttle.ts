import { useCallback, useEffect, useRef } from 'preact/hooks'

/** Runs at once, then once per `everyMs` however often it is called; the last call is not lost. */
export function useThrottle(run: () => void, everyMs: number): () => void {
  const latest = useRef(run)
  latest.current = run
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const isWanted = useRef(false)
  useEffect(() => () => clearTimeout(timer.current), [])
  return useCallback(() => {
    if (timer.current !== undefined) {
      isWanted.current = true
      return
    }
    const rest = () => {
      timer.current = undefined
      if (!isWanted.current) return
      isWanted.current = false
      latest.current()
      timer.current = setTimeout(rest, everyMs)
    }
    latest.current()
    timer.current = setTimeout(rest, everyMs)
  }, [everyMs])
}
