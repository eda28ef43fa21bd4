import { assert } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import { readSlotProof } from '@heddle/protocol/digest'
import { type Item, ownerAddress } from '@heddle/protocol/item'
import { type LogEntry, verifyAssignment } from '@heddle/protocol/message'
import type { CheckedUnit } from '../digest/checked-unit.ts'
import type { AttestationsDependencies } from './attestations.ts'

type CheckedLogDependencies = {
  readonly unit: CheckedUnit
  /** Nothing behind it matters. */
  readonly lastSlot: number
  readonly verify: (item: Item) => Promise<boolean>
  readonly engine: CryptoEngine
}

const pageSlots = 100

/**
 * The log of a process as a unit under check tells it. Each entry must be signed by the scheduler of slot 0,
 * so a unit cannot make up what may be read; where one is not, reading it fails.
 */
export function checkedLog(dependencies: CheckedLogDependencies): AttestationsDependencies['log'] {
  const { unit, lastSlot, engine, verify } = dependencies
  const slots = new Map<string, number>()
  let scheduler: string | undefined
  let nextSlot = 0
  const entries = async (processId: string, fromSlot: number, limit: number) => {
    const page = await unit.proofs(processId, fromSlot, Math.min(limit, pageSlots))
    return page.slice(0, limit).map((proof) => readSlotProof(proof, engine).entry)
  }
  const checked = async (processId: string, fromSlot: number, limit: number) => {
    if (scheduler === undefined) {
      const [first] = await entries(processId, 0, 1)
      assert(first?.assignment.processId === processId, 'a log begins with its process')
      scheduler = ownerAddress(first.assignment.item, engine)
    }
    const read = await entries(processId, fromSlot, limit)
    for (const [i, entry] of read.entries()) await checkEntry(entry, processId, fromSlot + i)
    return read
  }
  const checkEntry = async (entry: LogEntry, processId: string, slot: number) => {
    const { assignment } = entry
    assert(assignment.processId === processId && assignment.slot === slot, `it is slot ${slot}`)
    await verifyAssignment(entry, scheduler ?? '', engine, verify)
  }
  return {
    entries: checked,
    async slotOf(processId, id) {
      while (!slots.has(id) && nextSlot <= lastSlot) {
        const read = await checked(processId, nextSlot, pageSlots)
        if (read.length === 0) break
        for (const { assignment } of read) {
          if (!slots.has(assignment.messageId)) slots.set(assignment.messageId, assignment.slot)
          nextSlot++
        }
      }
      return slots.get(id)
    },
  }
}
