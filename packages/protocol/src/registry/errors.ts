import { HeddleError } from '../base/index.ts'

/** What is to be registered cannot be. */
export function registrationInvalid(fault: string): HeddleError {
  const text = `${fault} (spec/05-certificate.md §1).`
  return new HeddleError('storer-registration', 'invalid', text)
}
