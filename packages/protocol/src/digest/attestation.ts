import { decodeBase64Url, encodeBase64Url } from '../base/index.ts'
import type { Item, ItemDraft, Tag } from '../item/index.ts'
import { attestationInvalid } from './errors.ts'

/** What a unit signs: the chain at a slot, and where it took a checkpoint, the state after it. */
export type AttestationStatement = {
  readonly processId: string
  readonly epoch: number
  readonly slot: number
  readonly resultChain: Uint8Array
  readonly stateRoot?: Uint8Array | undefined
}

const type = 'Result-Attestation'
const version = '1'

/** The item that states it: tags only, in this order, no target, no anchor, no data. */
export function attestationDraft(statement: AttestationStatement): ItemDraft {
  return { data: new Uint8Array(0), tags: statementTags(type, statement) }
}

/** Tags of an item of `type` that makes a statement. */
export function statementTags(type: string, statement: AttestationStatement): Tag[] {
  const { processId, epoch, slot, resultChain, stateRoot } = statement
  const tags: Tag[] = [
    { name: 'Data-Protocol', value: 'heddle' },
    { name: 'Type', value: type },
    { name: 'Version', value: version },
    { name: 'Process', value: processId },
    { name: 'Epoch', value: String(epoch) },
    { name: 'Slot', value: String(slot) },
    { name: 'Result-Chain', value: encodeBase64Url(resultChain) },
  ]
  if (stateRoot !== undefined) tags.push({ name: 'State-Root', value: encodeBase64Url(stateRoot) })
  return tags
}

/**
 * Reads the statement, in any order of tags. Checks the form, not the signature. A name given twice
 * could be read two ways, so it is refused. Throws `attestation-invalid`.
 */
export function readAttestation(item: Item): AttestationStatement {
  return readStatement(type, item)
}

/** The statement an item of `type` makes. Throws `attestation-invalid`. */
export function readStatement(type: string, item: Item): AttestationStatement {
  const tags = new Map<string, string>()
  for (const { name, value } of item.tags) {
    if (tags.has(name)) throw attestationInvalid(`tag ${name} is given twice`, item.id)
    tags.set(name, value)
  }
  const digest = (name: string): Uint8Array => {
    const bytes = decodeBase64Url(tags.get(name) ?? '')
    if (bytes?.length === 32) return bytes
    throw attestationInvalid(`tag ${name} must be 32 bytes as base64url`, item.id)
  }
  const count = (name: string): number => {
    const text = tags.get(name) ?? ''
    const value = /^(0|[1-9]\d{0,15})$/.test(text) ? Number(text) : Number.NaN
    if (Number.isSafeInteger(value)) return value
    throw attestationInvalid(`tag ${name} must be a whole number below 2^53`, item.id)
  }
  if (tags.get('Data-Protocol') !== 'heddle' || tags.get('Type') !== type) {
    throw attestationInvalid(`Data-Protocol must be heddle and Type ${type}`, item.id)
  }
  if (tags.get('Version') !== version) {
    throw attestationInvalid(`Version must be ${version}`, item.id)
  }
  return {
    processId: encodeBase64Url(digest('Process')),
    epoch: count('Epoch'),
    slot: count('Slot'),
    resultChain: digest('Result-Chain'),
    ...(tags.has('State-Root') ? { stateRoot: digest('State-Root') } : {}),
  }
}
