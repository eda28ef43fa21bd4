import { isId } from '../base/index.ts'
import type { CryptoEngine } from '../crypto/index.ts'
import type { Item, ItemDraft, Tag } from '../item/index.ts'
import { hashChainStart } from './assignment-chain.ts'
import { assignmentInvalid } from './assignment-errors.ts'
import type { Assignment } from './entry.ts'

/** What a scheduler is about to sign: an assignment before it is an item. */
export type AssignmentStatement = Omit<Assignment, 'item'>

/** Bounds of `Exclude`: together with the fixed tags they stay far below an item's tag limits. */
export const excludeLimits = { fields: 16, nameBytes: 64 } as const

const excludeName = /^[A-Za-z][A-Za-z0-9-]*$/
const blockHeightDigits = 12
const repeatable = new Set(['Exclude'])

/** Tells whether `name` can stand in an `Exclude` tag: a field's name, 1 to 64 characters. */
export function isExcludeName(name: string): boolean {
  return name.length <= excludeLimits.nameBytes && excludeName.test(name)
}

/**
 * The item that states one slot: tags in the order of the legacynet scheduler, no target, no anchor,
 * no data. `Message` is left out where the process itself is assigned (slot 0).
 */
export function assignmentDraft(statement: AssignmentStatement): ItemDraft {
  const tags: Tag[] = [
    { name: 'Process', value: statement.processId },
    { name: 'Epoch', value: String(statement.epoch) },
    { name: 'Nonce', value: String(statement.slot) },
    { name: 'Hash-Chain', value: statement.hashChain },
    { name: 'Block-Height', value: blockHeightText(statement.blockHeight) },
    { name: 'Timestamp', value: String(statement.timestampMs) },
    { name: 'Data-Protocol', value: 'ao' },
    { name: 'Type', value: 'Assignment' },
    { name: 'Variant', value: 'ao.TN.1' },
  ]
  if (statement.messageId !== statement.processId) {
    tags.push({ name: 'Message', value: statement.messageId })
  }
  for (const field of statement.exclude) tags.push({ name: 'Exclude', value: field })
  return { data: new Uint8Array(0), tags }
}

/** A block height as AO writes it: 12 digits, zeros in front. */
export function blockHeightText(height: number): string {
  return String(height).padStart(blockHeightDigits, '0')
}

/**
 * Reads the statement out of an assignment item, in any order of tags. Checks the form only, not the
 * signature, except that slot 0 must carry the chain its process id dictates: that needs no history.
 * Throws `assignment-invalid`.
 */
export function readAssignment(item: Item, engine: CryptoEngine): Assignment {
  const tags = singleTags(item)
  const text = (name: string): string => {
    const value = tags.get(name)
    if (value === undefined) throw assignmentInvalid(`tag ${name} is missing`, item.id)
    return value
  }
  const id = (name: string): string => {
    const value = text(name)
    if (isId(value)) return value
    throw assignmentInvalid(`tag ${name} must be 32 bytes as base64url`, item.id)
  }
  if (text('Data-Protocol') !== 'ao' || text('Type') !== 'Assignment') {
    throw assignmentInvalid('Data-Protocol must be ao and Type Assignment', item.id)
  }
  const processId = id('Process')
  const slot = wholeNumber(text('Nonce'), 'Nonce', item.id)
  if (slot > 0 && !tags.has('Message')) {
    throw assignmentInvalid('only slot 0 may leave out tag Message', item.id)
  }
  const hashChain = id('Hash-Chain')
  if (slot === 0 && hashChain !== hashChainStart(processId, engine)) {
    throw assignmentInvalid('the chain of slot 0 must be sha256 of the process id', item.id)
  }
  return {
    item,
    processId,
    epoch: wholeNumber(text('Epoch'), 'Epoch', item.id),
    slot,
    hashChain,
    blockHeight: wholeNumber(text('Block-Height'), 'Block-Height', item.id),
    timestampMs: wholeNumber(text('Timestamp'), 'Timestamp', item.id),
    messageId: tags.has('Message') ? id('Message') : processId,
    exclude: readExclude(item),
  }
}

/** Tags by name. A name given twice could be read two ways, so it is refused (`Exclude` may repeat). */
function singleTags(item: Item): Map<string, string> {
  const tags = new Map<string, string>()
  for (const { name, value } of item.tags) {
    if (repeatable.has(name)) continue
    if (tags.has(name)) throw assignmentInvalid(`tag ${name} is given twice`, item.id)
    tags.set(name, value)
  }
  return tags
}

function readExclude(item: Item): string[] {
  const fields: string[] = []
  for (const { name, value } of item.tags) {
    if (name !== 'Exclude') continue
    if (!isExcludeName(value) || fields.length === excludeLimits.fields) {
      throw assignmentInvalid(
        `Exclude takes at most ${excludeLimits.fields} names of fields`,
        item.id,
      )
    }
    fields.push(value)
  }
  return fields
}

function wholeNumber(text: string, name: string, itemId: string): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(value)) return value
  throw assignmentInvalid(`tag ${name} must be a whole number below 2^53`, itemId)
}
