import { tagValue } from '@heddle/protocol/item'
import type { LogEntry } from '@heddle/protocol/message'
import type { EventLog } from './event-log.ts'
import type { Kept } from './kept-logs.ts'

type Logs = ReadonlyMap<string, Kept>
type Arrival = { readonly slot: number; readonly count: number }

/**
 * Every letter of every result is in its receiver's log, once, in order; and no other letter is in any
 * (spec 07, R1 to R4). Returns the number of letters.
 */
export function checkDeliveries(log: EventLog, logs: Logs): number {
  const arrivals = arrivalsOf(logs)
  let letters = 0
  const take = (key: string): number => {
    letters++
    const { slot, count } = arrivals.get(key) ?? { slot: -1, count: 0 }
    if (count !== 1) log.violate(`${key} arrived ${count} times, not once`)
    arrivals.delete(key)
    return slot
  }
  for (const kept of logs.values()) {
    checkMessages(log, kept, take)
    for (const { slot, result } of kept.evaluations) {
      for (const at of result.Spawns.keys()) {
        const name = nameOf(kept.processId, slot, result.Messages.length + at)
        take(spawnKey(name))
        take(`${kept.processId} ${name}/spawned`)
      }
      for (const { Processes, Message } of result.Assignments) {
        for (const target of new Set(Processes)) checkAssigned(log, logs, target, Message)
      }
    }
  }
  for (const key of arrivals.keys()) log.violate(`${key} arrived, but no result has it`)
  return letters
}

/** The name under which a node pushed an item; undefined for what users posted. */
export function deliveryName({ message }: LogEntry): string | undefined {
  return tagValue(message?.tags ?? [], 'Delivery-Id')
}

/** What came by name, ticks aside. */
function arrivalsOf(logs: Logs): Map<string, Arrival> {
  const arrivals = new Map<string, Arrival>()
  for (const { processId, entries } of logs.values()) {
    for (const [slot, entry] of entries.entries()) {
      const name = deliveryName(entry)
      if (name === undefined || name.startsWith('cron/')) continue
      const key = slot === 0 ? spawnKey(name) : `${processId} ${name}`
      arrivals.set(key, { slot, count: (arrivals.get(key)?.count ?? 0) + 1 })
    }
  }
  return arrivals
}

/** Messages of one sender stand in each receiver's log in the order in which they were emitted. */
function checkMessages(log: EventLog, kept: Kept, take: (key: string) => number): void {
  const lastSlots = new Map<string, number>()
  for (const { slot, result } of kept.evaluations) {
    for (const [index, { Target }] of result.Messages.entries()) {
      const name = nameOf(kept.processId, slot, index)
      const at = take(`${Target} ${name}`)
      if (at < 0) continue
      if (at < (lastSlots.get(Target) ?? 0)) log.violate(`${name} is out of order in log ${Target}`)
      lastSlots.set(Target, at)
    }
  }
}

function checkAssigned(log: EventLog, logs: Logs, target: string, messageId: string): void {
  const entries = logs.get(target)?.entries ?? []
  const count = entries.filter(({ assignment }) => assignment.messageId === messageId).length
  if (count !== 1) log.violate(`${messageId} is assigned ${count} times to ${target}, not once`)
}

function nameOf(processId: string, slot: number, index: number): string {
  return `${processId}/0/${slot}/${index}`
}

/** A process is spawned once, on whichever node. */
function spawnKey(name: string): string {
  return `spawn ${name}`
}
