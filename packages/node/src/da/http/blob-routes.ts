import { encodeBase64Url } from '@heddle/protocol/base'
import {
  certificateCommitment,
  certificateToJson,
  encodeCertificate,
} from '@heddle/protocol/certificate'
import {
  createBudget,
  type Route,
  type RouteReply,
  type RouteRequest,
} from '../../network/index.ts'
import { begun } from './begun.ts'
import { collectBlob } from './collect.ts'
import { notPublishing } from './errors.ts'
import { keptCertificate } from './lookup.ts'
import type { DaHttpOptions } from './options.ts'
import type { DaDeps, Published } from './ports.ts'
import { parseRange } from './range.ts'
import { retentionOf } from './retention.ts'

/** `POST /blobs`, and `GET` and `HEAD /blobs/:commitment` with ranges. */
export function blobRoutes(deps: DaDeps, options: DaHttpOptions): Route[] {
  return [
    { method: 'POST', path: '/blobs', body: 'stream', handle: putBlob(deps, options) },
    { method: 'GET', path: '/blobs/:commitment', handle: (request) => getBlob(deps, request) },
    { method: 'HEAD', path: '/blobs/:commitment', handle: (request) => getBlob(deps, request) },
  ]
}

function putBlob(deps: DaDeps, options: DaHttpOptions): Route['handle'] {
  const { publisher, certificates } = deps
  const uploads = createBudget(options.uploadBytesMax)
  return async ({ query, headers, stream, signal }) => {
    if (publisher === undefined) throw notPublishing()
    const retention = query.get('retention') ?? headers['x-heddle-retention']
    const retentionSeconds = retentionOf(retention, options.retentionSeconds)
    const declared = headers['content-length']
    const declaredBytes = declared === undefined ? undefined : Number(declared)
    // Without a length the longest is reckoned with.
    const bytes = Math.min(declaredBytes ?? options.blobBytesMax, options.blobBytesMax)
    const release = await uploads.take(bytes, signal)
    try {
      const blob = await collectBlob(stream, declaredBytes, options.blobBytesMax)
      const published = await publisher.publish([blob], { retentionSeconds })
      await certificates.keep(published.certificate)
      return { status: 201, body: describePublished(published) }
    } finally {
      release()
    }
  }
}

/** Storers that signed are in the certificate; the others are named. */
function describePublished(published: Published): Record<string, unknown> {
  const { certificate, fromByte, toByte, storers } = published
  return {
    commitment: encodeBase64Url(certificateCommitment(certificate)),
    fromByte,
    toByte,
    certificate: certificateToJson(certificate),
    compact: encodeBase64Url(encodeCertificate(certificate)),
    faults: storers.filter(({ state }) => state === 'failed' || state === 'lied'),
  }
}

/** What is stored is anybody's: it is sent as bytes, and a browser is told to run none of it. */
const inert = {
  'content-type': 'application/octet-stream',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; sandbox",
}

async function getBlob(deps: DaDeps, request: RouteRequest): Promise<RouteReply> {
  const { headers, method, signal } = request
  const { commitment, certificate } = await keptCertificate(deps, request)
  const { lengthBytes } = certificate.parameters
  const isRange = headers.range !== undefined && isSame(headers['if-range'], commitment)
  const range = parseRange(isRange ? headers.range : undefined, lengthBytes)
  const common = { ...inert, 'accept-ranges': 'bytes', etag: `"${commitment}"` }
  if (range === undefined) {
    return { status: 416, headers: { ...common, 'content-range': `bytes */${lengthBytes}` } }
  }
  const { fromByte, toByte } = range
  const isPart = toByte - fromByte < lengthBytes
  const last = `bytes ${fromByte}-${toByte - 1}/${lengthBytes}`
  const reply = {
    status: isPart ? 206 : 200,
    headers: {
      ...common,
      'content-length': String(toByte - fromByte),
      ...(isPart ? { 'content-range': last } : {}),
    },
  }
  if (method === 'HEAD') return reply
  const bytes = deps.retriever.read(certificate, { fromByte, toByte, signal })
  return { ...reply, body: await begun(bytes) }
}

function isSame(ifRange: string | undefined, commitment: string): boolean {
  return ifRange === undefined || ifRange === `"${commitment}"`
}
