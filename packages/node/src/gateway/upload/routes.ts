import { encodeBase64Url } from '@heddle/protocol/base'
import type { Signer } from '@heddle/protocol/item'
import type { Route, RouteReply, RouteRequest } from '../../network/index.ts'
import { idPattern } from '../arweave/id-path.ts'
import { type PostDeps, postTransaction } from '../arweave/post-transaction.ts'
import { part, pendingHeight } from '../catalog/location.ts'
import { itemUnknown, uploadNotItem } from '../errors.ts'
import type { ItemStore } from '../items/store.ts'
import type { GatewayOptions } from '../options.ts'
import type { ItemsDeps } from '../ports.ts'
import { partRoutes } from './part-routes.ts'
import type { PartUploads } from './parts.ts'
import { paymentRoutes } from './payment-routes.ts'
import { makeReceipt, type Receipt } from './receipt.ts'
import { takeUpload, type UploadLimits } from './take-upload.ts'
import type { Take } from './taking.ts'

export type UploadDeps = ItemsDeps &
  PostDeps & {
    /** Signs receipts; without it they are unsigned. */
    readonly signer?: Signer
    readonly publicUrl?: string
  }

/**
 * Takes items where bundlers take them: `/v1/tx[/:token]` (Turbo), `/tx/:token` (what AO's units
 * post to) and `/tx`, which also takes layer-1 transactions; in parts at `/v1/chunks`. The reply is
 * sent once all is durable. Posting again is harmless.
 */
export function uploadRoutes(
  store: ItemStore,
  deps: UploadDeps,
  options: GatewayOptions & UploadLimits,
  parts: PartUploads,
): Route[] {
  const handle = async ({ stream, headers }: RouteRequest): Promise<RouteReply> => {
    const sizeBytes = Number(headers['content-length'] ?? 0)
    const upload = await takeUpload(
      { parts: stream, isOwned: true, sizeBytes },
      store,
      deps,
      options,
    )
    if (upload.kind === 'transaction') return postTransaction(upload.body, store, deps, options)
    return { status: 200, body: await receiptOf(upload, deps) }
  }
  const paths = ['/v1/tx', '/v1/tx/:token', '/tx', '/tx/:token']
  return [
    ...paths.map((path): Route => ({ method: 'POST', path, body: 'stream', handle })),
    ...partRoutes(parts),
    ...paymentRoutes(),
    {
      method: 'GET',
      path: '/v1/info',
      handle: () => ({ status: 200, body: infoJson(deps, options) }),
    },
    {
      method: 'GET',
      path: `/v1/tx/:id(${idPattern})/status`,
      handle: ({ params }) => status(params.id ?? '', store),
    },
    {
      method: 'GET',
      path: `/v1/tx/:id(${idPattern})/offsets`,
      handle: ({ params }) => offsets(params.id ?? '', store),
    },
  ]
}

/** What becomes of an upload in parts. */
export function partsTaker(
  store: ItemStore,
  deps: UploadDeps,
  options: UploadLimits,
): Take<Receipt> {
  return async (parts, sizeBytes) => {
    const upload = await takeUpload({ parts, isOwned: false, sizeBytes }, store, deps, options)
    if (upload.kind === 'item') return receiptOf(upload, deps)
    throw uploadNotItem('a layer-1 transaction is posted to /tx.')
  }
}

function receiptOf(
  item: { readonly id: string; readonly owner: string },
  deps: UploadDeps,
): Promise<Receipt> {
  const at = {
    height: deps.consensus.tip().height,
    nowMs: deps.clock.nowMs(),
    host: hostOf(deps.publicUrl),
  }
  return makeReceipt(item, at, deps.signer, deps.engine)
}

function infoJson({ signer, engine, publicUrl = '' }: UploadDeps, { uploadBytes }: GatewayOptions) {
  const address = signer === undefined ? '' : encodeBase64Url(engine.sha256(signer.owner))
  return {
    version: '0.2.0',
    addresses: { arweave: address },
    gateway: publicUrl,
    // Everything is free here, up to the largest item taken.
    freeUploadLimitBytes: uploadBytes,
  }
}

async function status(id: string, store: ItemStore): Promise<RouteReply> {
  const found = await store.find(id)
  if (found === undefined) throw itemUnknown(id)
  const settled = found.height < pendingHeight
  const bundle = found.parent === undefined ? {} : { bundleId: encodeBase64Url(found.parent) }
  return {
    status: 200,
    body: {
      status: settled ? 'FINALIZED' : 'CONFIRMED',
      info: settled ? 'permanent' : 'pending',
      winc: '0',
      ...bundle,
    },
  }
}

/** Where an item is in the data of the transaction that holds it. */
async function offsets(id: string, store: ItemStore): Promise<RouteReply> {
  const [found, holding] = [await store.find(id), await store.holding(id)]
  if (found === undefined || holding === undefined) throw itemUnknown(id)
  const { location, parent } = found
  const inRoot = location.part === part.inData
  return {
    status: 200,
    body: {
      rawContentLength: location.length,
      payloadDataStart: location.length - holding.data.sizeBytes,
      payloadContentType: holding.tags.find(({ name }) => name === 'Content-Type')?.value ?? '',
      ...(inRoot ? { startOffsetInRootBundle: location.offset } : {}),
      ...(parent === undefined ? {} : { parentDataItemId: encodeBase64Url(parent) }),
    },
  }
}

function hostOf(url = ''): string {
  return URL.canParse(url) ? new URL(url).host : ''
}
