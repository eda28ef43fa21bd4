import { encodeSegmentFrame } from '@heddle/protocol/certificate'
import type { Route, RouteReply, RouteRequest } from '../../network/index.ts'
import { begun } from './begun.ts'
import { keptCertificate } from './lookup.ts'
import type { DaDeps } from './ports.ts'

/**
 * `GET /segments/:commitment?from=&to=`: the rows that these bytes are in, as frames of
 * spec/04-commitment.md §6, for readers who believe no node.
 */
export function segmentRoutes(deps: DaDeps): Route[] {
  return [
    {
      method: 'GET',
      path: '/segments/:commitment',
      handle: (request) => getSegments(deps, request),
    },
  ]
}

async function getSegments(deps: DaDeps, request: RouteRequest): Promise<RouteReply> {
  const { certificate } = await keptCertificate(deps, request)
  const { lengthBytes } = certificate.parameters
  const fromByte = countOf(request.query.get('from'), 0)
  const toByte = countOf(request.query.get('to'), lengthBytes)
  const { signal } = request
  const rows = deps.retriever.prove(certificate, { fromByte, toByte, signal })
  const frames = (async function* () {
    // Copies: what was handed on may still lie in the socket when the row's memory is used again.
    for await (const row of rows) yield Buffer.concat(encodeSegmentFrame(row))
  })()
  const headers = { 'content-type': 'application/octet-stream' }
  return { status: 200, headers, body: await begun(frames) }
}

function countOf(text: string | null, otherwise: number): number {
  if (text === null) return otherwise
  return /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN
}
