import { type Found, findItems } from './graphql.ts'
import { isMissing } from './request.ts'
import { fetchLogAvailability, fetchRollup, type Place, tagValue } from './units.ts'

/** How lasting a slot is beyond this node's own log. */
export type Lasting = {
  /** What storers signed for; absent where the process does not ask for it, or nobody stores. */
  readonly certified?: {
    readonly isDone: boolean
    readonly commitment?: string
    readonly signers?: number
    readonly members?: number
  }
  /** Rolled up into the store; absent where the node does not do that. */
  readonly kept?: { readonly isDone: boolean; readonly bundle?: string; readonly atMs?: number }
}

/** Nodes without a wide lane or rollup do not have these routes. */
export async function readLasting(
  { processId, slot }: Place,
  signal: AbortSignal,
): Promise<Lasting> {
  const orAbsent = <T>(asked: Promise<T>) =>
    asked.catch((error: unknown) => {
      if (isMissing(error)) return undefined
      throw error
    })
  const [availability, rollup] = await Promise.all([
    orAbsent(fetchLogAvailability(processId, signal)),
    orAbsent(fetchRollup(processId, signal)),
  ])
  const range = availability?.ranges.find(
    ({ fromSlot, toSlot }) => fromSlot <= slot && slot < toSlot,
  )
  const isAsked = availability !== undefined && availability.certifiedTo > 0
  const blob = range && {
    commitment: range.certificate.commitment,
    signers: range.certificate.signers.length,
    members: range.certificate.members,
  }
  const isKept = rollup !== undefined && slot < rollup.slots
  const bundle = isKept ? await findRollup(processId, slot, signal) : undefined
  return {
    ...(isAsked && { certified: { isDone: slot < availability.certifiedTo, ...blob } }),
    ...(rollup && { kept: { isDone: isKept, ...bundle } }),
  }
}

/** Rollups looked through for the one that holds a slot, newest first. */
const rollupsMax = 200
const secondMs = 1000

/** The bundle that holds a slot, and when it was kept; nothing where it is far back. */
async function findRollup(processId: string, slot: number, signal: AbortSignal) {
  const tags = [
    { name: 'Type', values: ['Log-Rollup'] },
    { name: 'Process', values: [processId] },
  ]
  const { items } = await findItems({ tags }, { first: rollupsMax }, signal)
  const holds = ({ tags: own }: Found) =>
    Number(tagValue(own, 'From-Slot')) <= slot && slot <= Number(tagValue(own, 'To-Slot'))
  const found = items.find(holds)
  if (found === undefined) return undefined
  const { id, ingested_at } = found
  return { bundle: id, ...(ingested_at !== null && { atMs: ingested_at * secondMs }) }
}
