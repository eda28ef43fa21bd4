import { encodeBase64Url } from '@heddle/protocol/base'
import type { Route, RouteReply, RouteRequest } from '../../network/index.ts'
import { fetchPiece, fetchRow } from '../sampling/fetch-sample.ts'
import { keptCertificate } from './lookup.ts'
import type { DaHttpOptions } from './options.ts'
import type { DaDeps } from './ports.ts'

/**
 * `GET /rows/:commitment/:row`: a whole row, or with `?stripe=` one piece of it, the Merkle paths in
 * headers; `GET /fingerprints/:commitment`: z, against which a light client checks whole rows.
 */
export function sampleRoutes(deps: DaDeps, options: DaHttpOptions): Route[] {
  return [
    {
      method: 'GET',
      path: '/rows/:commitment/:row',
      handle: (request) => getSample(deps, options, request),
    },
    {
      method: 'GET',
      path: '/fingerprints/:commitment',
      async handle(request) {
        const { certificate } = await keptCertificate(deps, request)
        const { open } = await deps.retriever.open(certificate, { signal: request.signal })
        return { status: 200, body: open.committed.fingerprints }
      },
    },
  ]
}

async function getSample(
  deps: DaDeps,
  { sampleTimeoutMs }: DaHttpOptions,
  request: RouteRequest,
): Promise<RouteReply> {
  const { certificate } = await keptCertificate(deps, request)
  const blob = await deps.retriever.open(certificate, { signal: request.signal })
  const row = countOf(request.params.row)
  const stripe = request.query.get('stripe')
  const late = new AbortController()
  const disarm = deps.timer.after(sampleTimeoutMs, () => late.abort(new Error('too slow')))
  const signal = AbortSignal.any([request.signal, late.signal])
  try {
    if (stripe === null) {
      const { path, pieces } = await fetchRow(deps.lane, blob, row, signal)
      const headers = { 'x-heddle-row-path': encodeBase64Url(path) }
      return { status: 200, headers, body: Buffer.concat(pieces) }
    }
    const sample = await fetchPiece(deps.lane, blob, row, countOf(stripe), signal)
    const headers = {
      'x-heddle-row-path': encodeBase64Url(sample.rowPath),
      'x-heddle-piece-path': encodeBase64Url(sample.piecePath),
    }
    return { status: 200, headers, body: sample.piece }
  } finally {
    disarm()
  }
}

/** A number that is none is out of every range, and refused as such. */
function countOf(text: string | undefined): number {
  return /^\d{1,6}$/.test(text ?? '') ? Number(text) : -1
}
