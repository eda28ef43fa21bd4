import { messengerDefaults } from '@heddle/node/messenger'
import { nodeCrypto } from '@heddle/node/runtime'
import { errorMessage } from '@heddle/protocol/base'
import { resultChainStart } from '@heddle/protocol/digest'
import { tagValue, verifyItem } from '@heddle/protocol/item'
import { checkChain, verifyAssignment } from '@heddle/protocol/message'
import { newActor } from './actor.ts'
import { checkDeliveries, deliveryName } from './deliveries.ts'
import { evaluateSlot } from './evaluator.ts'
import { type Kept, readLogs } from './kept-logs.ts'
import type { Cluster } from './node.ts'
import type { Posted } from './users.ts'

const engine = nodeCrypto

/** Looks at what all disks hold after a run, and notes every promise that was not kept. */
export async function checkAll(world: Cluster, posted: readonly Posted[]): Promise<void> {
  const logs = await readLogs(world)
  let ticks = 0
  for (const log of logs.values()) {
    await checkOrder(world, log)
    checkReplay(world, log)
    ticks += checkTicks(world, log)
  }
  const letters = checkDeliveries(world.log, logs)
  checkAcknowledged(world, logs, posted)
  const slots = [...logs.values()].reduce((sum, log) => sum + log.entries.length, 0)
  world.log.add(`checked ${logs.size} logs, ${slots} slots, ${letters} letters, ${ticks} ticks`)
}

/** Gapless slots, rising timestamps, hash chain, signatures; no message and no name twice. */
async function checkOrder({ log }: Cluster, { processId, node, entries }: Kept): Promise<void> {
  const seen = new Set<string>()
  for (const [slot, entry] of entries.entries()) {
    const { assignment, message } = entry
    try {
      if (assignment.slot !== slot) throw new Error(`slot ${assignment.slot} stands there`)
      checkChain(entries[slot - 1]?.assignment, assignment, engine)
      await verifyAssignment(entry, node.address, engine, (item) => verifyItem(item, engine))
    } catch (error) {
      log.violate(`log ${processId} at slot ${slot}: ${errorMessage(error)}`)
    }
    const name = slot === 0 ? undefined : deliveryName(entry)
    for (const id of name === undefined ? [assignment.messageId] : [assignment.messageId, name]) {
      if (seen.has(id)) log.violate(`log ${processId} has ${id} twice, again at slot ${slot}`)
      seen.add(id)
    }
    if (message === undefined && assignment.messageId === processId) {
      log.violate(`log ${processId} opens without its process`)
    }
  }
}

/** A fresh evaluator over the log gives what the disk holds, slot for slot. */
function checkReplay({ log }: Cluster, { processId, entries, evaluations }: Kept): void {
  if (evaluations.length !== entries.length) {
    log.violate(`${processId} has ${evaluations.length} results of ${entries.length} slots`)
  }
  let actor = { state: newActor, chain: resultChainStart(processId, engine) }
  for (const [slot, entry] of entries.entries()) {
    const next = evaluateSlot(actor, entry, engine)
    actor = next
    if (JSON.stringify(evaluations[slot]?.result) !== next.resultJson) {
      log.violate(`${processId} replays to another result at slot ${slot}`)
      return
    }
  }
}

/** So many missed ticks are made good before the newest; the rest is skipped. */
const catchUpTicks = messengerDefaults.cronCatchUpMax - 1

/**
 * Ticks stand on their grid, each once (`checkOrder`), in order and without a gap, whatever happened to the
 * node. A clock that is set may turn them back or ahead, each time once; they pass over what is done already
 * (spec/07 §6).
 */
function checkTicks({ log }: Cluster, { processId, node, entries }: Kept): number {
  const done = new Set<number>()
  let last = Number.NaN
  let [ticks, inOrder, turns] = [0, 0, 0]
  for (const { message } of entries) {
    const position = Number(tagValue(message?.tags ?? [], 'Cron-Time') ?? Number.NaN)
    if (Number.isNaN(position)) continue
    const everyMs = tagValue(message?.tags ?? [], 'Cron-Tick') === '1-second' ? 1000 : 3000
    if (ticks++ > 0 && position !== last + everyMs) {
      const between = pointsBetween(last, position, everyMs)
      const isCaughtUp = inOrder >= catchUpTicks || between.every((point) => done.has(point))
      if (position < last || !isCaughtUp) turns++
      if (turns > node.clockSteps || (position - last) % everyMs !== 0) {
        log.violate(`ticks of ${processId} go from ${last} to ${position}`)
      }
      inOrder = 0
    }
    done.add(position)
    last = position
    inOrder++
  }
  return ticks
}

function pointsBetween(last: number, next: number, everyMs: number): number[] {
  const count = Math.max(0, Math.ceil((next - last) / everyMs) - 1)
  return Array.from({ length: count }, (_, at) => last + (at + 1) * everyMs)
}

/** What users were told is scheduled is in its log, once. */
function checkAcknowledged(
  { log }: Cluster,
  logs: ReadonlyMap<string, Kept>,
  posted: readonly Posted[],
): void {
  for (const { item, processId, isAcknowledged } of posted) {
    const entries = logs.get(processId)?.entries ?? []
    const count = entries.filter(({ assignment }) => assignment.messageId === item.id).length
    if (isAcknowledged && count !== 1) {
      log.violate(`acknowledged item ${item.id} is ${count} times in log ${processId}`)
    }
  }
}
