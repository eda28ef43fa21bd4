import { decodeBase64Url, encodeBase64Url, isId } from '@heddle/protocol/base'
import { copyLimits } from '@heddle/protocol/copies'
import type { Route, RouteReply, RouteRequest } from '../network/index.ts'
import { copiesUnknown, copyRequestInvalid } from './errors.ts'
import type { Copies } from './face.ts'
import type { Keeper } from './keeper/keeper.ts'

type RouteParts = Pick<Copies, 'report' | 'summary'> & { readonly keeper: Keeper }

/** `/copies/*` is what placers ask of a keeper; `/store/copies/:id` tells who holds what. */
export function copiesRoutes({ keeper, report, summary }: RouteParts): Route[] {
  return [
    {
      method: 'GET',
      path: '/copies/keeper',
      handle: async ({ query }) => {
        const placer = query.get('placer') ?? ''
        const nonce = decodeBase64Url((query.get('nonce') ?? '').slice(0, 44))
        if (!isId(placer) || nonce?.length !== 32) {
          throw copyRequestInvalid('give placer (an address) and nonce (32 bytes as base64url)')
        }
        return bytesReply(await keeper.statement(placer, nonce))
      },
    },
    {
      method: 'POST',
      path: '/copies/hold',
      body: 'stream',
      handle: async ({ stream }) => bytesReply(await keeper.take(stream)),
    },
    {
      method: 'POST',
      path: '/copies/release',
      handle: async ({ body }) => {
        if (body.length > copyLimits.statementBytes) throw copyRequestInvalid('it is too large')
        await keeper.release(body)
        return { status: 200, body: {} }
      },
    },
    {
      method: 'GET',
      path: '/copies/chunk/:root/:size(^\\d{1,16}$)/:offset(^\\d{1,16}$)',
      handle: (request) => chunkReply(keeper, request),
    },
    {
      method: 'GET',
      path: '/store/copies',
      handle: () => ({ status: 200, body: summary() }),
    },
    {
      method: 'GET',
      path: '/store/copies/:id',
      handle({ params: { id = '' } }) {
        const found = report(id)
        if (found === undefined) throw copiesUnknown(id.slice(0, 64), summary().promised)
        return { status: 200, body: found }
      },
    },
  ]
}

async function chunkReply(keeper: Keeper, { params }: RouteRequest): Promise<RouteReply> {
  const data = { dataRoot: params.root ?? '', sizeBytes: Number(params.size) }
  const { bytes, dataPath } = await keeper.chunk(data, Number(params.offset))
  const body = { chunk: encodeBase64Url(bytes), data_path: encodeBase64Url(dataPath) }
  return { status: 200, body }
}

function bytesReply(body: Uint8Array): RouteReply {
  return { status: 200, headers: { 'content-type': 'application/octet-stream' }, body }
}
