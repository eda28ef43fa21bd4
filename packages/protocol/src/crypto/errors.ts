import { HeddleError } from '../base/index.ts'

/** A private key of the wrong length or out of range. It never quotes the key. */
export function privateKeyInvalid(what: string): HeddleError {
  return new HeddleError(
    'private-key',
    'invalid',
    `${what} must be 32 bytes and within range, this one is not. Check the key file.`,
  )
}

/** A public key that is not the uncompressed form an address is made of. */
export function publicKeyInvalid(givenBytes: number): HeddleError {
  return new HeddleError(
    'public-key',
    'invalid',
    `an Ethereum address needs an uncompressed key (65 bytes, the first 4), not ${givenBytes}.`,
    { givenBytes },
  )
}
