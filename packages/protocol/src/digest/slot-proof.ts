import { decodeBase64Url, encodeBase64Url, errorMessage, isId } from '../base/index.ts'
import type { CryptoEngine } from '../crypto/index.ts'
import { type Item, parseItem } from '../item/index.ts'
import { type LogEntry, readAssignment } from '../message/index.ts'
import { proofInvalid } from './errors.ts'
import { digestBytes } from './labels.ts'

/** Who decided a result: the module, or a unit that ended an evaluation by its clock. */
export type Decider = 'module' | 'unit'

/** What a unit says of one slot, with what a third party needs to check it. */
export type SlotProof = {
  readonly entry: LogEntry
  /** Module the process runs; undefined where it names none. */
  readonly moduleId: string | undefined
  /** The result as JSON, whole. */
  readonly result: unknown
  readonly decidedBy: Decider
  /** resultChain(slot − 1) and resultChain(slot). */
  readonly chainBefore: Uint8Array
  readonly chain: Uint8Array
  /** The unit's signed statement of the same. */
  readonly attestation: Item | undefined
  /** Newest state the unit holds from before the slot: all slots below `nextSlot` are in it. */
  readonly checkpoint: { readonly nextSlot: number; readonly stateRoot: Uint8Array } | undefined
}

const version = 1

/** A proof as JSON: bytes as base64url, items whole. */
export function slotProofJson(proof: SlotProof): Record<string, unknown> {
  const { entry, checkpoint, attestation, moduleId } = proof
  const { assignment, message } = entry
  return {
    version,
    process: assignment.processId,
    slot: assignment.slot,
    epoch: assignment.epoch,
    module: moduleId ?? null,
    assignment: encodeBase64Url(assignment.item.bytes),
    message: message === undefined ? null : encodeBase64Url(message.bytes),
    result: proof.result,
    decidedBy: proof.decidedBy,
    resultChainBefore: encodeBase64Url(proof.chainBefore),
    resultChain: encodeBase64Url(proof.chain),
    checkpoint:
      checkpoint === undefined
        ? null
        : {
            nextSlot: checkpoint.nextSlot,
            stateRoot: encodeBase64Url(checkpoint.stateRoot),
          },
    attestation: attestation === undefined ? null : encodeBase64Url(attestation.bytes),
  }
}

type Fields = Readonly<Record<string, unknown>>

/** Reads what a unit sent. The form only: nothing in it is believed yet. Throws `proof-invalid`. */
export function readSlotProof(value: unknown, engine: CryptoEngine): SlotProof {
  const fields = objectOf(value, 'it')
  if (fields.version !== version) throw proofInvalid(`version must be ${version}`)
  const assignment = orInvalid('assignment', () =>
    readAssignment(itemOf(fields, 'assignment', engine), engine),
  )
  const message = fields.message === null ? undefined : itemOf(fields, 'message', engine)
  const { module: moduleId, decidedBy, attestation } = fields
  if (moduleId !== null && !(typeof moduleId === 'string' && isId(moduleId))) {
    throw proofInvalid('module must be an id or null')
  }
  if (decidedBy !== 'module' && decidedBy !== 'unit') {
    throw proofInvalid('decidedBy must be module or unit')
  }
  if (fields.result === undefined) throw proofInvalid('result is missing')
  return {
    entry: { assignment, message },
    moduleId: moduleId ?? undefined,
    result: fields.result,
    decidedBy,
    chainBefore: digestOf(fields, 'resultChainBefore'),
    chain: digestOf(fields, 'resultChain'),
    attestation: attestation === null ? undefined : itemOf(fields, 'attestation', engine),
    checkpoint: fields.checkpoint === null ? undefined : checkpointOf(fields.checkpoint),
  }
}

function checkpointOf(value: unknown) {
  const fields = objectOf(value, 'checkpoint')
  const { nextSlot } = fields
  if (typeof nextSlot !== 'number' || !Number.isSafeInteger(nextSlot) || nextSlot < 1) {
    throw proofInvalid('checkpoint.nextSlot must be a whole number above 0')
  }
  return { nextSlot, stateRoot: digestOf(fields, 'stateRoot') }
}

function itemOf(fields: Fields, name: string, engine: CryptoEngine): Item {
  const bytes = typeof fields[name] === 'string' ? decodeBase64Url(fields[name]) : undefined
  if (bytes === undefined) throw proofInvalid(`${name} must be an item as base64url`)
  return orInvalid(name, () => parseItem(bytes, engine))
}

function digestOf(fields: Fields, name: string): Uint8Array {
  const value = fields[name]
  const bytes = typeof value === 'string' ? decodeBase64Url(value) : undefined
  if (bytes?.length === digestBytes) return bytes
  throw proofInvalid(`${name} must be 32 bytes as base64url`)
}

function objectOf(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  throw proofInvalid(`${what} must be an object`)
}

function orInvalid<T>(name: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw proofInvalid(`${name}: ${errorMessage(error)}`)
  }
}
