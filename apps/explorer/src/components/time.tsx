import { useEffect, useState } from 'preact/hooks'
import { formatAge, formatMoment, formatTime } from '../format.ts'

const tickMs = 1000
const listeners = new Set<() => void>()
let ticking: ReturnType<typeof setInterval> | undefined

/** The time, anew every second; all who ask share one timer. */
function useNow(): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const tick = () => setNow(Date.now())
    listeners.add(tick)
    ticking ??= setInterval(() => {
      for (const listener of listeners) listener()
    }, tickMs)
    return () => {
      listeners.delete(tick)
      if (listeners.size > 0) return
      clearInterval(ticking)
      ticking = undefined
    }
  }, [])
  return now
}

/** How long ago something was. */
export function Age({ ms }: { ms: number }) {
  const now = useNow()
  return (
    <time dateTime={new Date(ms).toISOString()} title={formatTime(ms)}>
      {formatAge(Math.max(0, now - ms))}
    </time>
  )
}

/** The time of day to the millisecond, or to the second where no more is known. */
export function Moment({ ms, isCoarse = false }: { ms: number; isCoarse?: boolean }) {
  const moment = formatMoment(ms)
  return (
    <time class="mono" dateTime={new Date(ms).toISOString()} title={formatTime(ms)}>
      {isCoarse ? moment.slice(0, moment.indexOf('.')) : moment}
    </time>
  )
}
