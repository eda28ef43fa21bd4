import { isId } from '../base/index.ts'
import { type Item, type ItemDraft, type Tag, tagValue } from '../item/index.ts'
import { type AttestationStatement, readStatement, statementTags } from './attestation.ts'
import { attestationInvalid } from './errors.ts'

/** A state as it is published: the unit's statement of it, signed together with the bytes. */
export type CheckpointStatement = AttestationStatement & {
  readonly moduleId: string
  readonly stateRoot: Uint8Array
}

const type = 'Checkpoint'

/** The item that carries a checkpoint. `bytes` is in the form its `Content-Type` names. */
export function checkpointDraft(statement: CheckpointStatement, bytes: Uint8Array): ItemDraft {
  const tags: Tag[] = [
    ...statementTags(type, statement),
    { name: 'Module', value: statement.moduleId },
    { name: 'Content-Type', value: checkpointContentType },
  ]
  return { data: bytes, tags }
}

/** Pages in records, spec/06-digests.md §6. */
export const checkpointContentType = 'application/vnd.heddle.checkpoint-2'

/** Reads the statement. Checks the form, not the signature. Throws `attestation-invalid`. */
export function readCheckpointItem(item: Item): CheckpointStatement {
  const statement = readStatement(type, item)
  const moduleId = tagValue(item.tags, 'Module')
  if (moduleId === undefined || !isId(moduleId)) {
    throw attestationInvalid('tag Module must be an id', item.id)
  }
  const { stateRoot } = statement
  if (stateRoot === undefined) throw attestationInvalid('tag State-Root is missing', item.id)
  if (tagValue(item.tags, 'Content-Type') !== checkpointContentType) {
    throw attestationInvalid(`Content-Type must be ${checkpointContentType}`, item.id)
  }
  return { ...statement, moduleId, stateRoot }
}
