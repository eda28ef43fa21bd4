import { concatBytes, toHex } from '@heddle/protocol/base'
import type { BulkClient, BulkPeer } from '../../network/index.ts'
import { storerUnknown } from './errors.ts'
import type { Lane, LaneHandler } from './lane.ts'

/** Where a storer's lane listens. */
export type StorerAddress = BulkPeer & {
  /** Its BLS key, as the storer set has it. */
  readonly storer: Uint8Array
}

/** The lane over TCP to the storers of a set. */
export function openLane(
  client: Pick<BulkClient, 'call'>,
  addresses: readonly StorerAddress[],
): Lane {
  const byKey = new Map(addresses.map((address) => [toHex(address.storer), address]))
  return {
    async call(storer, kind, meta, bodyParts, signal, replyBytesMax) {
      const peer = byKey.get(toHex(storer))
      if (peer === undefined) throw storerUnknown(storer)
      return client.call(peer, kind, meta, bodyParts, signal, replyBytesMax)
    },
  }
}

const never = new AbortController().signal
const ownProcess = { publicKey: '', remote: 'this process' }

/** A lane within one process, to storers that run in it; `handlers` by the hex of their keys. */
export function joinLane(handlers: ReadonlyMap<string, LaneHandler>): Lane {
  return {
    async call(storer, kind, meta, bodyParts, signal = never) {
      const handle = handlers.get(toHex(storer))
      if (handle === undefined) throw storerUnknown(storer)
      signal.throwIfAborted()
      const body = concatBytes(bodyParts)
      const reply = await handle(kind, meta, body, ownProcess, signal)
      signal.throwIfAborted()
      return { meta: reply.meta, body: concatBytes(reply.bodyParts) }
    },
  }
}
