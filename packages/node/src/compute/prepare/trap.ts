import { HeddleError } from '@heddle/protocol/base'
import { guestFault, guestHostFailure } from '../guest/errors.ts'

/**
 * Traps by what V8 says of them, in words that stay when V8 changes its own: they are part of
 * results. Whatever is not in here gets one text for all.
 */
const reasons: readonly (readonly [RegExp, string])[] = [
  [/unreachable/, 'it executed unreachable code'],
  [/memory access out of bounds/, 'it accessed memory out of bounds'],
  [/divide by zero|remainder by zero/, 'it divided by zero'],
  [/divide result unrepresentable/, 'a quotient does not fit'],
  [/float unrepresentable/, 'a float does not fit the integer it is converted to'],
  [
    /table (index|access|element)|indirect call|function signature|null function/,
    'a call by table led to no function of that type',
  ],
  [
    /out of bounds|outside the bounds|Invalid typed array|leaves the memory/,
    'it gave the host an address outside its memory',
  ],
]

/** The error of a message whose evaluation threw `thrown`, the same on every machine. */
export function trapOf(thrown: unknown): HeddleError {
  if (thrown instanceof HeddleError) return thrown
  const text = thrown instanceof Error ? thrown.message : ''
  if (thrown instanceof RangeError && /call stack/.test(text))
    return guestHostFailure('its own stack ended before the one that is counted', thrown)
  const known = reasons.find(([pattern]) => pattern.test(text))?.[1]
  return guestFault(known ?? 'it trapped', thrown)
}
