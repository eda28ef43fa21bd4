import { ownerAddress, verifyItem } from '@heddle/protocol/item'
import { checkChain, type LogEntry, verifyAssignment } from '@heddle/protocol/message'
import { nodeCrypto } from '../../runtime/index.ts'
import type { Scheduler } from '../scheduler.ts'
import { nodeSigner } from './fixture.ts'

/**
 * Reads a whole log and checks all that its readers are promised: gapless, chained, rising in time,
 * signed by the node, each message in one slot, each id found by the index. Throws otherwise.
 */
export async function checkedLog(scheduler: Scheduler, processId: string): Promise<LogEntry[]> {
  const address = ownerAddress({ owner: nodeSigner.owner }, nodeCrypto)
  const entries = await scheduler.entries(processId, 0, 10_000)
  const messageIds = new Set<string>()
  let previous: LogEntry | undefined
  for (const entry of entries) {
    const { assignment } = entry
    checkChain(previous?.assignment, assignment, nodeCrypto)
    await verifyAssignment(entry, address, nodeCrypto, (item) => verifyItem(item, nodeCrypto))
    if (messageIds.has(assignment.messageId)) throw new Error(`${assignment.messageId} has 2 slots`)
    messageIds.add(assignment.messageId)
    for (const id of [assignment.messageId, assignment.item.id]) {
      const slot = await scheduler.slotOf(processId, id)
      if (slot !== assignment.slot) throw new Error(`index: ${id} at ${slot}`)
    }
    previous = entry
  }
  if (entries.length !== scheduler.head(processId)) throw new Error('the log is not read whole')
  return entries
}
