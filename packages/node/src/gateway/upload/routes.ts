import { decodeText } from '@heddle/protocol/base'
import { ownerAddress, parseItem } from '@heddle/protocol/item'
import type { Route, RouteReply, RouteRequest } from '../../network/index.ts'
import { signatureWrong, uploadNotItem } from '../errors.ts'
import type { ItemStore } from '../items/store.ts'
import type { ItemsDeps } from '../ports.ts'

/** Blocks after which an item not yet in one may be posted again; Turbo's own figure. */
const deadlineBlocks = 200

/**
 * Takes raw signed items where bundlers take them: `/v1/tx[/:token]` (Turbo), `/tx/:token` (what
 * AO's units post to) and `/tx`. The reply is sent once the item is durable. Posting again is
 * harmless.
 */
export function uploadRoutes(store: ItemStore, deps: ItemsDeps): Route[] {
  const handle = (request: RouteRequest) => upload(request, store, deps)
  const paths = ['/v1/tx', '/v1/tx/:token', '/tx', '/tx/:token']
  return paths.map((path) => ({ method: 'POST', path, handle }))
}

async function upload(
  { body, headers }: RouteRequest,
  store: ItemStore,
  { engine, verify, consensus, clock }: ItemsDeps,
): Promise<RouteReply> {
  if (body.length === 0) throw uploadNotItem('the body is empty.')
  if (isTransactionJson(body, headers['content-type'])) {
    throw uploadNotItem('layer-1 transactions in JSON are not taken here.')
  }
  const item = parseItem(body, engine)
  if (!(await verify(item))) throw signatureWrong(item.id)
  await store.keep(item)
  const receipt = {
    id: item.id,
    owner: ownerAddress(item, engine),
    winc: '0',
    dataCaches: [],
    fastFinalityIndexes: [],
    deadlineHeight: consensus.tip().height + deadlineBlocks,
    timestamp: clock.nowMs(),
    version: '0.2.0',
  }
  return { status: 200, body: receipt }
}

/** arweave-js posts `{"format":2,…}`; as item bytes that would be an absurd signature type. */
function isTransactionJson(body: Uint8Array, contentType = ''): boolean {
  return contentType.startsWith('application/json') || decodeText(body.subarray(0, 2)) === '{"'
}
