import type { CryptoEngine } from '@heddle/protocol/crypto'
import { type Item, parseItem } from '@heddle/protocol/item'
import type { Clock } from '../../runtime/index.ts'
import type { Verify } from '../ports.ts'
import { isTransactionJson, parseTransactionItem } from './transaction-item.ts'

export type PeerItemsDeps = {
  /** Base URLs of other nodes. */
  readonly peers: readonly string[]
  readonly fetch: typeof globalThis.fetch
  readonly verify: Verify
  readonly engine: CryptoEngine
  readonly clock: Clock
}

/** Largest item taken from a peer, bytes: what a node takes from anyone. */
const itemBytesMax = 10 * 1024 * 1024
const requestTimeoutMs = 10_000
/** An id that no peer had is not asked for again so soon. */
const absentMs = 2_000
const absentMax = 10_000

/**
 * Finds items that only another node has: a module, or a message that is assigned by id. What a
 * peer answers counts only if it is that item, by id and by signature.
 */
export function createPeerItems(deps: PeerItemsDeps): (id: string) => Promise<Item | undefined> {
  const { peers, clock } = deps
  const absentUntilMs = new Map<string, number>()
  const asking = new Map<string, Promise<Item | undefined>>()
  const ask = async (id: string): Promise<Item | undefined> => {
    for (const peer of peers) {
      const item = await fetchItem(`${peer}/item/${id}`, id, deps)
      if (item !== undefined) return item
    }
    if (absentUntilMs.size >= absentMax) absentUntilMs.clear()
    absentUntilMs.set(id, clock.elapsedMs() + absentMs)
    return undefined
  }
  return (id) => {
    if (peers.length === 0 || clock.elapsedMs() < (absentUntilMs.get(id) ?? 0)) {
      return Promise.resolve(undefined)
    }
    const before = asking.get(id)
    if (before !== undefined) return before
    const now = ask(id).finally(() => asking.delete(id))
    asking.set(id, now)
    return now
  }
}

/** A peer that is down, lies or sends too much has nothing for us; the next one is asked. */
async function fetchItem(url: string, id: string, deps: PeerItemsDeps): Promise<Item | undefined> {
  try {
    const reply = await deps.fetch(url, { signal: AbortSignal.timeout(requestTimeoutMs) })
    const body = reply.ok ? await readLimited(reply) : undefined
    if (body === undefined) return undefined
    const item = isTransactionJson(body) ? parseTransactionItem(body) : parseItem(body, deps.engine)
    return item.id === id && (await deps.verify(item)) ? item : undefined
  } catch {
    return undefined
  }
}

async function readLimited(reply: Response): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of reply.body ?? []) {
    length += chunk.length
    if (length > itemBytesMax) return undefined
    chunks.push(chunk)
  }
  return new Uint8Array(Buffer.concat(chunks))
}
