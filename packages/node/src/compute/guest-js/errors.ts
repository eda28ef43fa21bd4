import { HeddleError } from '@heddle/protocol/base'

/** The engine or the prelude that ships with the package cannot be read from disk. */
export function engineMissing(path: string): HeddleError {
  return new HeddleError(
    'engine-missing',
    'internal',
    `the JavaScript engine is not complete: ${path} is missing. Install again (npm ci).`,
    { path },
  )
}
