import { isHeddleError } from '@heddle/protocol/base'
import type { Item } from '@heddle/protocol/item'
import type { Timer } from '../../runtime/index.ts'

type Verify = (item: Item) => Promise<boolean>

/** Pause before a verifier that was too busy is asked again. */
const pauseMs = 50

/**
 * A verifier that is busy says nothing about an item. The unit has time: it asks again, until
 * `signal` ends it all.
 */
export function patientVerify(verify: Verify, timer: Timer, signal: AbortSignal): Verify {
  return async (item) => {
    for (;;) {
      try {
        return await verify(item)
      } catch (error) {
        if (signal.aborted || !isHeddleError(error) || error.kind !== 'exhausted') throw error
      }
      await timer.sleep(pauseMs, signal)
    }
  }
}
