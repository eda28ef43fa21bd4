import { isHeddleError } from '@heddle/protocol/base'
import type { Checkpoints, StoredCheckpoint } from '../checkpoint/index.ts'
import { chainBefore } from '../digest/chain-before.ts'
import { logUnreadable, unknownItem } from '../errors.ts'
import type { ComputeThread } from '../pool/compute-thread.ts'
import type { Report } from '../ports.ts'
import type { ResultLog } from '../results/result-log.ts'
import type { Footprint, WorkMessage } from '../worker/protocol.ts'
import type { ProcessFacts } from './facts.ts'
import { type PrepareDependencies, presentSlot } from './prepare.ts'

/** Messages replayed with one request. */
const replayMessages = 64

export type RestoreDependencies = PrepareDependencies & {
  readonly checkpoints: Checkpoints
  readonly results: ResultLog
  readonly warn: Report
}

/** A process to bring to life on a thread. */
type Revival = {
  readonly facts: ProcessFacts
  readonly number: number
  readonly thread: ComputeThread
  /** All results before it are durable. */
  readonly nextSlot: number
}

/**
 * Makes a process live with the state before `nextSlot`: from its checkpoint, or from nothing, and
 * the messages since. Failed messages left no trace, so they are not run again. A checkpoint that
 * does not lead there is dropped, and the whole log is replayed.
 */
export async function restoreProcess(
  dependencies: RestoreDependencies,
  revival: Revival,
): Promise<Footprint> {
  const { checkpoints, warn } = dependencies
  const { facts, nextSlot } = revival
  const processId = facts.process.id
  const wanted = {
    processId,
    moduleId: facts.moduleId,
    slotMax: nextSlot,
    chainBefore: (slot: number) => chainBefore(dependencies, processId, slot),
  }
  const checkpoint = nextSlot > 0 ? await checkpoints.read(wanted) : undefined
  if (checkpoint === undefined) return await reopen(dependencies, revival, undefined)
  try {
    return await reopen(dependencies, revival, checkpoint)
  } catch (error) {
    if (!isRefusal(error)) throw error
    warn({ processId, slot: checkpoint.nextSlot, error }, 'checkpoint refused: replaying the log')
    await checkpoints.remove(processId)
    return await reopen(dependencies, revival, undefined)
  }
}

async function reopen(
  dependencies: RestoreDependencies,
  revival: Revival,
  checkpoint: StoredCheckpoint | undefined,
): Promise<Footprint> {
  const { facts, number, thread, nextSlot } = revival
  const { moduleId, memoryBytes, environment, models, drive } = facts
  const processId = facts.process.id
  const fromSlot = checkpoint?.nextSlot ?? 0
  const proven = checkpoint !== undefined || (await hasGoodSlot(dependencies, processId, nextSlot))
  let footprint = await thread.request({
    kind: 'open',
    processId,
    number,
    moduleId,
    memoryBytes,
    environment,
    models,
    drive,
    nextSlot: fromSlot,
    checkpoint,
    unprovenFor: proven ? undefined : nextSlot,
  })
  for (let slot = fromSlot; slot < nextSlot; slot += replayMessages) {
    const end = Math.min(nextSlot, slot + replayMessages)
    const messages = await readGoodMessages(dependencies, facts, slot, end)
    if (messages.length === 0) continue
    footprint = await thread.request({ kind: 'replay', processId, messages })
  }
  return footprint as Footprint
}

async function hasGoodSlot(
  { results }: RestoreDependencies,
  processId: string,
  toSlot: number,
): Promise<boolean> {
  for await (const head of results.heads(processId, 0, toSlot)) if (!head.failed) return true
  return false
}

/** Messages of the slots whose durable result has no `Error`; they were checked back then. */
async function readGoodMessages(
  dependencies: RestoreDependencies,
  facts: ProcessFacts,
  fromSlot: number,
  toSlot: number,
): Promise<WorkMessage[]> {
  const { log, items, results, engine } = dependencies
  const processId = facts.process.id
  const failed = new Set<number>()
  for await (const head of results.heads(processId, fromSlot, toSlot)) {
    if (head.failed) failed.add(head.slot)
  }
  const messages: WorkMessage[] = []
  let slot = fromSlot
  while (slot < toSlot) {
    const entries = await log.entries(processId, slot, toSlot - slot)
    if (entries.length === 0) throw logUnreadable(processId, slot)
    for (const entry of entries) {
      if (!failed.has(slot)) {
        const { messageId } = entry.assignment
        const item = entry.message ?? (await items.item(messageId))
        if (item === undefined) throw unknownItem(messageId, processId, slot)
        messages.push(presentSlot(facts, entry, item, engine).work)
      }
      slot++
    }
  }
  return messages
}

/** Tells whether the checkpoint is to blame, and not the thread or an item that is missing. */
function isRefusal(error: unknown): boolean {
  if (!isHeddleError(error)) return false
  return error.kind === 'invalid' || error.kind === 'internal'
}
