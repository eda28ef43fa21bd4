import { useLayoutEffect, useState } from 'preact/hooks'
import { fetchNames } from './api/node.ts'

/** Names of processes by id; null for what is no process here. */
const known = new Map<string, string | null>()
const asking = new Set<string>()
/** Those who show names: who asks for one may not be the only one who waits for it. */
const listeners = new Set<() => void>()
/** Ids in one question. */
const asksMax = 32

/** Names of processes as they become known; null for what is none, absent while nobody knows. */
export function useNames(ids: readonly string[]): ReadonlyMap<string, string | null> {
  const [, redraw] = useState(0)
  const key = ids.join(' ')
  // The key is the ids; with the drawing, for between the two an answer to another may come.
  useLayoutEffect(() => {
    const listener = () => redraw((round) => round + 1)
    listeners.add(listener)
    const isAsked = (id: string) => id !== '' && !known.has(id) && !asking.has(id)
    const asked = [...new Set(ids)].filter(isAsked)
    for (let at = 0; at < asked.length; at += asksMax) void ask(asked.slice(at, at + asksMax))
    return () => void listeners.delete(listener)
  }, [key])
  return known
}

/** A question that fails is asked again by whoever shows those ids next. */
async function ask(ids: readonly string[]): Promise<void> {
  for (const id of ids) asking.add(id)
  const names = await fetchNames(ids).catch(() => undefined)
  for (const id of ids) {
    asking.delete(id)
    if (names !== undefined) known.set(id, names[id] ?? null)
  }
  for (const listener of listeners) listener()
}
