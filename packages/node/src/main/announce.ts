import { errorMessage } from '@heddle/protocol/base'
import { createItem, type Item, type Signer, tagValue } from '@heddle/protocol/item'
import { schedulerLocationDraft } from '@heddle/protocol/message'
import type { Log } from '../observe/index.ts'
import { nodeCrypto, type Runtime } from '../runtime/index.ts'

/** A Scheduler-Location is good for a day; each start announces a new place. */
const locationTtlMs = 86_400_000
const retryMs = 1_000
const retryMsMax = 60_000
const requestTimeoutMs = 10_000

/** This node's own announcement: the newest one if it says the same place, else a new one. */
export async function makeAnnouncement(
  publicUrl: string,
  signer: Signer,
  { random }: Runtime,
  newest: Item | undefined,
): Promise<Item> {
  const url = `${publicUrl}/su`
  if (newest !== undefined && tagValue(newest.tags, 'Url') === url) return newest
  // The anchor sets it apart from an earlier announcement of the same place.
  const draft = { ...schedulerLocationDraft(url, locationTtlMs), anchor: random.bytes(32) }
  return createItem(draft, signer, nodeCrypto)
}

/**
 * Tells each peer where this node's scheduler answers, until it has taken note: so it is enough that one
 * of two nodes names the other. Returns what ends the trying.
 */
export function announceToPeers(
  item: Item,
  peers: readonly string[],
  { timer }: Runtime,
  log: Log,
): () => void {
  const stopping = new AbortController()
  const tell = async (peer: string): Promise<void> => {
    for (let waitMs = retryMs; !stopping.signal.aborted; ) {
      try {
        const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(requestTimeoutMs)])
        const body = Buffer.from(item.bytes)
        const reply = await fetch(`${peer}/v1/tx`, { method: 'POST', body, signal })
        await reply.arrayBuffer()
        if (reply.ok) return
        log.warn({ peer, status: reply.status }, 'a peer did not take our announcement')
      } catch (error) {
        if (stopping.signal.aborted) return
        log.info({ peer, error: errorMessage(error) }, 'a peer cannot be reached yet')
      }
      await timer.sleep(waitMs, stopping.signal).catch(() => undefined)
      waitMs = Math.min(2 * waitMs, retryMsMax)
    }
  }
  for (const peer of peers) void tell(peer)
  return () => stopping.abort(new Error('the node is closing'))
}
