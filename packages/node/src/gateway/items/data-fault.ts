import { isHeddleError } from '@heddle/protocol/base'

/** Tells that bytes are gone or damaged, which will not pass, and is the matter of these bytes alone. */
export function isDataFault(error: unknown): boolean {
  if (!isHeddleError(error)) return false
  return error.code === 'data-missing' || error.code.startsWith('store-chunk')
}
