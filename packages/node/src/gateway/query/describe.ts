import { encodeBase64Url } from '@heddle/protocol/base'
import { Semaphore } from '../../runtime/index.ts'
import type { Found } from '../catalog/location.ts'
import { itemUnknown } from '../errors.ts'
import { isDataFault } from '../items/data-fault.ts'
import type { Holding } from '../items/holding.ts'
import type { LoadHolding } from '../items/reader.ts'

/** What an answer can say of an item or a transaction: all but its data. */
export type Description = Pick<
  Holding,
  'anchor' | 'owner' | 'signature' | 'signatureType' | 'tags' | 'target'
> & {
  readonly dataBytes: number
  readonly reward: string | undefined
  readonly quantity: string | undefined
}

/** Items read for one answer at a time: each may bring a record of 16 MiB into memory. */
const readAtOnce = 4

export type Describe = (found: Found) => Promise<Description>

/**
 * Describes items, a few at a time; nothing of their data stays in memory. One whose bytes are gone (what it
 * was promised has run out) or damaged is blank, and named in `unreadable`: it must not void a whole page.
 */
export function createDescribe(load: LoadHolding, unreadable: Set<string>): Describe {
  const reads = new Semaphore(readAtOnce)
  return async (found) => {
    const id = encodeBase64Url(found.id)
    try {
      const held = await reads.run(() => load(found.location))
      if (held === undefined) throw itemUnknown(id)
      return describe(held)
    } catch (error) {
      if (!isDataFault(error)) throw error
      unreadable.add(id)
      return blank
    }
  }
}

const none = new Uint8Array(0)
const blank: Description = {
  anchor: none,
  owner: none,
  signature: none,
  signatureType: 0,
  tags: [],
  target: none,
  dataBytes: 0,
  reward: undefined,
  quantity: undefined,
}

function describe({ data, transaction, ...held }: Holding): Description {
  const { anchor, owner, signature, signatureType, tags, target } = held
  return {
    // Copied: a view would keep all of the record it was cut out of.
    anchor: new Uint8Array(anchor),
    owner: new Uint8Array(owner),
    signature: new Uint8Array(signature),
    target: new Uint8Array(target),
    signatureType,
    tags,
    dataBytes: data.sizeBytes,
    reward: transaction?.reward,
    quantity: transaction?.quantity,
  }
}
