import { equalBytes } from '../base/index.ts'
import { stepDigests } from './digest.ts'
import { linkAt, type Receipt, type Sha256 } from './receipt.ts'

type Steps = Pick<Receipt, 'tokens' | 'links'>

/** Where two answers part. `rounds`: digests that were compared. */
export type Parting = { readonly step: number; readonly rounds: number }

/**
 * The first step at which two answers to one question differ, found by halving: log2(steps) digests of
 * each are looked at, so that two parties need not send each other all of them. Undefined where they are
 * the same. A step that only one of them has counts as different.
 */
export function bisect(one: Steps, other: Steps, sha256: Sha256): Parting | undefined {
  const [a, b] = [stepDigests(one, sha256), stepDigests(other, sha256)]
  const common = Math.min(one.tokens.length, other.tokens.length)
  let rounds = 0
  /** Steps known to agree, and steps of which the last is known not to. */
  let agreed = 0
  let parted = common + 1
  while (agreed + 1 < parted) {
    const middle = Math.floor((agreed + parted) / 2)
    rounds += 1
    if (equalBytes(linkAt(a, middle - 1), linkAt(b, middle - 1))) agreed = middle
    else parted = middle
  }
  if (agreed < common) return { step: agreed, rounds }
  return one.tokens.length === other.tokens.length ? undefined : { step: common, rounds }
}
