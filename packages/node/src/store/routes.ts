import type { StorageAnswer } from '@heddle/protocol/arweave'
import { decodeBase64Url, encodeBase64Url } from '@heddle/protocol/base'
import type { Route, RouteRequest } from '../network/index.ts'
import type { Clock } from '../runtime/index.ts'
import { loopbackOnly, requestInvalid } from './errors.ts'
import type { AuditReport, StoreStatus } from './face.ts'
import type { StoreOptions } from './options.ts'
import { type DataKey, keyOf } from './record.ts'

export type RouteParts = {
  readonly options: Pick<StoreOptions, 'auditChunks'>
  readonly clock: Pick<Clock, 'elapsedMs'>
  status(): StoreStatus
  audit(count: number): Promise<AuditReport>
  prove(data: DataKey, nonce: Uint8Array, count: number): Promise<StorageAnswer[]>
}

/** `/store/status`, `/store/proof` for anybody; `/store/audit` for the node's own machine. */
export function storeRoutes(parts: RouteParts): Route[] {
  const status = rememberStatus(parts)
  return [
    {
      method: 'GET',
      path: '/store/status',
      handle: () => ({ status: 200, body: status() }),
    },
    {
      method: 'GET',
      path: '/store/proof',
      handle: async (request) => ({ status: 200, body: await answerChallenge(parts, request) }),
    },
    {
      method: 'POST',
      path: '/store/audit',
      async handle(request) {
        if (!isLoopback(request.peer)) throw loopbackOnly()
        const count = countIn(request, parts.options.auditChunks, 100)
        return { status: 200, body: await parts.audit(count) }
      },
    },
  ]
}

/** Counting goes through whole tables: anybody may ask, so it is done now and then only. */
function rememberStatus({ clock, status }: RouteParts): () => StoreStatus {
  let told: { readonly status: StoreStatus; readonly atMs: number } | undefined
  return () => {
    const nowMs = clock.elapsedMs()
    if (told === undefined || nowMs - told.atMs > statusMs) told = { status: status(), atMs: nowMs }
    return told.status
  }
}

const statusMs = 5000
/** Chunks are 256 KiB: four of them are a megabyte and a half of JSON. */
const answersMax = 4

async function answerChallenge(parts: RouteParts, request: RouteRequest) {
  const { query } = request
  const dataRoot = query.get('root') ?? ''
  const sizeText = query.get('size') ?? ''
  const data = /^\d{1,16}$/.test(sizeText) ? keyOf(dataRoot, Number(sizeText)) : undefined
  const nonce = decodeBase64Url((query.get('nonce') ?? '').slice(0, 44))
  if (data === undefined || nonce?.length !== 32) {
    throw requestInvalid(
      'give root and nonce (43 characters of base64url each), size in bytes, and count',
    )
  }
  const answers = await parts.prove(data, nonce, countIn(request, answersMax, 1))
  return {
    root: dataRoot,
    size: sizeText,
    nonce: query.get('nonce'),
    answers: answers.map(({ bytes, path }) => ({
      chunk: encodeBase64Url(bytes),
      data_path: encodeBase64Url(path),
    })),
  }
}

function countIn({ query }: RouteRequest, most: number, usual: number): number {
  const text = query.get('count') ?? String(usual)
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (count >= 1 && count <= most) return count
  throw requestInvalid(`count must be a whole number from 1 to ${most}`)
}

function isLoopback(peer: string): boolean {
  return peer === '::1' || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(peer)
}
