import { HeddleError, isHeddleError } from '@heddle/protocol/base'
import { modelPartDamaged } from '../errors.ts'

/** Bytes that are not those of the manifest: another copy may be whole, so nothing follows from them. */
const ofThisCopy = new Set(['chunk-damaged', 'tokenizer-hash-mismatch'])

/** What is wrong with a module itself is wrong for every message: compute reads it off the code `module-…`. */
export function neverRuns(error: unknown): unknown {
  if (isHeddleError(error) && ofThisCopy.has(error.code)) return modelPartDamaged(error)
  const isModules = isHeddleError(error) && (error.kind === 'invalid' || error.kind === 'exhausted')
  if (!isModules || error.code.startsWith('module-')) return error
  const text = `${error.code}: ${error.message}`
  return new HeddleError('module-invalid', 'invalid', text, error.details, { cause: error })
}
