import type { Client, UploadRetention } from '@heddle/sdk'
import { type Flag, type Flags, numberFlag, textFlag, usageError } from '../command.ts'
import { copiesRow, readCopies } from './store-copies.ts'

const copiesMax = 64

export const retentionFlags: Readonly<Record<string, Flag>> = {
  copies: { type: 'string', help: 'COUNT of copies, with those at the node’s keepers (default 1)' },
  placement: { type: 'string', help: 'LABEL,… that every holder must carry, e.g. region:eu' },
  'min-stake': { type: 'string', help: 'WINSTON that every holder must have at stake' },
}

/** What the flags ask for; undefined where they ask for nothing beyond the node's own copy. */
export function retentionOf(flags: Flags): UploadRetention | undefined {
  const copies = numberFlag(flags, 'copies', copiesMax)
  const placement = textFlag(flags, 'placement')?.split(',')
  const stake = textFlag(flags, 'min-stake')
  if (stake !== undefined && !/^\d{1,26}$/.test(stake)) {
    throw usageError(`--min-stake ${stake}: give a whole number of winston`)
  }
  if (copies === undefined && placement === undefined && stake === undefined) return undefined
  return {
    ...(copies === undefined ? {} : { copies }),
    ...(placement === undefined ? {} : { placement }),
    ...(stake === undefined ? {} : { minimumStake: BigInt(stake) }),
  }
}

/** Who holds what was just uploaded: for the answer as JSON, and as lines. */
export async function copiesReceipt(client: Client, id: string, signal: AbortSignal) {
  const copies = await readCopies(client.transport, id, signal)
  return { copies, lines: copiesRow(copies) }
}
