import { HeddleError } from '../base/index.ts'

/** A result nests deeper than any node would keep; the message that gave it fails. */
export function resultTooDeep(depthMax: number): HeddleError {
  const what = `the result nests more than ${depthMax} levels: give flatter data`
  return new HeddleError('result-too-deep', 'invalid', what)
}

/** An item that should be an attestation states none. */
export function attestationInvalid(what: string, itemId: string): HeddleError {
  const text = `attestation ${itemId}: ${what}. Only a unit's statement of one slot can stand here.`
  return new HeddleError('attestation-invalid', 'invalid', text, { itemId })
}

/** What a unit sent as proof of a slot cannot be read. */
export function proofInvalid(what: string): HeddleError {
  return new HeddleError('proof-invalid', 'invalid', `proof of a slot: ${what}.`)
}
