import { HeddleError } from '@heddle/protocol/base'

/** What was asked for is no id. */
export function provenanceIdInvalid(id: string): HeddleError {
  const text = `${id.slice(0, 60)} is not an id: ids have 43 letters of base64url`
  return new HeddleError('id-invalid', 'invalid', text)
}

/** No item of this id is kept here or known to the peers. */
export function provenanceUnknown(id: string): HeddleError {
  const text = `unknown item ${id}: it is not kept here, so nothing is known of where it came from`
  return new HeddleError('unknown-item', 'missing', text, { id })
}
