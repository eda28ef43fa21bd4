import { HeddleError } from '../base/index.ts'

/** A statement about copies that cannot be made. */
export function copyStatementInvalid(what: string): HeddleError {
  return new HeddleError('copy-statement', 'invalid', `${what} (spec/10-copies.md).`)
}
