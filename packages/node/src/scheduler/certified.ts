import { isHeddleError } from '@heddle/protocol/base'
import { type Item, tagValues } from '@heddle/protocol/item'
import { certificatesUnavailable } from './errors.ts'
import type { Receipt } from './face.ts'
import type { Certify } from './ports.ts'

/** Tells whether a spawn asks that replies wait for certificates: tag `Availability: certified`. */
export function asksForCertificates(spawn: Pick<Item, 'tags'>): boolean {
  return tagValues(spawn.tags, 'Availability').includes('certified')
}

/** Throws `certificates-unavailable` for a spawn that asks for what this node does not have. */
export function refuseCertified(spawn: Item): void {
  if (asksForCertificates(spawn)) throw certificatesUnavailable(spawn.id)
}

/**
 * The receipt once its slot is certified. A repeat is answered with the first receipt, so it waits for that
 * slot too: whoever was told that a slot is not certified yet may send the same item again.
 */
export async function certifiedReceipt(
  receipt: Promise<Receipt>,
  certify: Certify,
): Promise<Receipt> {
  try {
    const given = await receipt
    await certify.certified(given.processId, given.slot)
    return given
  } catch (error) {
    if (isHeddleError(error, 'message-exists')) {
      const { processId, slot } = error.details
      await certify.certified(String(processId), Number(slot))
    }
    throw error
  }
}
