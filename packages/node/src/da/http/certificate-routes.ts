import { decodeText, encodeBase64Url, HeddleError } from '@heddle/protocol/base'
import {
  type Certificate,
  certificateCommitment,
  certificateFromJson,
  certificateToJson,
  decodeCertificate,
  encodeCertificate,
} from '@heddle/protocol/certificate'
import type { Route, RouteRequest } from '../../network/index.ts'
import { namedCertificate } from './lookup.ts'
import type { DaDeps } from './ports.ts'

const compactType = 'application/octet-stream'
/** The JSON of a certificate with 100 signers has under 2 KiB. */
const certificateBytesMax = 16 * 1024

/** `GET /certificates/:commitment` (JSON, or compact bytes by `Accept`), `POST /certificates`. */
export function certificateRoutes(deps: DaDeps): Route[] {
  return [
    {
      method: 'GET',
      path: '/certificates/:commitment',
      async handle(request) {
        const { certificate } = await namedCertificate(deps, request)
        return (request.headers.accept ?? '').includes(compactType)
          ? { status: 200, body: encodeCertificate(certificate) }
          : { status: 200, body: certificateToJson(certificate) }
      },
    },
    {
      method: 'POST',
      path: '/certificates',
      async handle(request) {
        const certificate = readCertificate(request)
        deps.verify(certificate)
        await deps.certificates.keep(certificate)
        const commitment = encodeBase64Url(certificateCommitment(certificate))
        return { status: 201, body: { commitment } }
      },
    },
  ]
}

function readCertificate({ body, headers }: RouteRequest): Certificate {
  if (body.length > certificateBytesMax) {
    const text = `a certificate has at most ${certificateBytesMax} bytes, not ${body.length}.`
    throw new HeddleError('certificate', 'invalid', text)
  }
  if (!(headers['content-type'] ?? '').includes('json')) return decodeCertificate(body)
  return certificateFromJson(parseJson(decodeText(body)))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new HeddleError('certificate', 'invalid', 'the certificate is no JSON: send it again.')
  }
}
