import { useEffect, useState } from 'preact/hooks'
import { fetchNames } from './api/node.ts'

/** Names of processes by id; null for what is no process here. */
const known = new Map<string, string | null>()
const asking = new Set<string>()
/** Ids in one question. */
const asksMax = 32

/** Names of processes as they become known; null for what is none, absent while nobody knows. */
export function useNames(ids: readonly string[]): ReadonlyMap<string, string | null> {
  const [, redraw] = useState(0)
  const key = ids.join(' ')
  // The key is the ids
  useEffect(() => {
    const isAsked = (id: string) => id !== '' && !known.has(id) && !asking.has(id)
    const asked = [...new Set(ids)].filter(isAsked).slice(0, asksMax)
    if (asked.length === 0) return
    for (const id of asked) asking.add(id)
    fetchNames(asked)
      .then((names) => {
        for (const id of asked) known.set(id, names[id] ?? null)
      })
      .catch(() => undefined)
      .finally(() => {
        for (const id of asked) asking.delete(id)
        redraw((round) => round + 1)
      })
  }, [key])
  return known
}
