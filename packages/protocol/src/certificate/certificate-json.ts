import { decodeBase64Url, encodeBase64Url } from '../base/index.ts'
import { digestBytes, hashIds } from '../merkle/index.ts'
import { permanent } from '../params/index.ts'
import {
  type Certificate,
  certificateCommitment,
  decodeCertificate,
  encodeCertificate,
} from './certificate.ts'
import { certificateInvalid } from './errors.ts'

/** A certificate as JSON: digests as base64url, times as numbers, null for ever. */
export type CertificateJson = {
  readonly version: 1
  readonly commitment: string
  readonly lengthBytes: number
  readonly k: number
  readonly n: number
  readonly hash: 'sha256' | 'blake3'
  readonly root: string
  readonly zRoot: string
  readonly storerSet: string
  readonly epoch: number
  readonly expiresAtSeconds: number | null
  readonly members: number
  readonly signers: readonly number[]
  readonly signature: string
}

export function certificateToJson(certificate: Certificate): CertificateJson {
  const { parameters, expiresAtSeconds, signers } = certificate
  return {
    version: 1,
    commitment: encodeBase64Url(certificateCommitment(certificate)),
    lengthBytes: parameters.lengthBytes,
    k: parameters.k,
    n: parameters.n,
    hash: parameters.hashId === hashIds.blake3 ? 'blake3' : 'sha256',
    root: encodeBase64Url(certificate.root),
    zRoot: encodeBase64Url(certificate.zRoot),
    storerSet: encodeBase64Url(certificate.setId),
    epoch: certificate.epoch,
    expiresAtSeconds: expiresAtSeconds === permanent ? null : expiresAtSeconds,
    members: certificate.members,
    signers: [...signers],
    signature: encodeBase64Url(certificate.signature),
  }
}

/** Reads what `certificateToJson` gives; throws `certificate` where anything is off. Form only. */
export function certificateFromJson(json: unknown): Certificate {
  if (typeof json !== 'object' || json === null) throw certificateInvalid('it is no JSON object.')
  const fields = json as Readonly<Record<string, unknown>>
  if (fields.version !== 1) throw certificateInvalid('the version is not known.')
  if (fields.hash !== 'sha256' && fields.hash !== 'blake3') {
    throw certificateInvalid('the hash is not known.')
  }
  const { signers } = fields
  if (!Array.isArray(signers) || signers.length > 256) {
    throw certificateInvalid('signers are no list of places.')
  }
  const certificate: Certificate = {
    parameters: {
      k: countOf(fields, 'k'),
      n: countOf(fields, 'n'),
      lengthBytes: countOf(fields, 'lengthBytes'),
      hashId: hashIds[fields.hash],
    },
    root: bytesOf(fields, 'root', digestBytes),
    zRoot: bytesOf(fields, 'zRoot', digestBytes),
    setId: bytesOf(fields, 'storerSet', digestBytes),
    epoch: countOf(fields, 'epoch'),
    expiresAtSeconds:
      fields.expiresAtSeconds === null ? permanent : countOf(fields, 'expiresAtSeconds'),
    members: countOf(fields, 'members'),
    signers: signers.map((place) => (typeof place === 'number' ? place : -1)),
    signature: bytesOf(fields, 'signature', 96),
  }
  // One set of rules for both forms: what cannot be written as bytes is no certificate.
  const checked = decodeCertificate(encodeCertificate(certificate))
  if (fields.commitment !== encodeBase64Url(certificateCommitment(checked))) {
    throw certificateInvalid('the commitment is not that of parameters, root and fingerprints.')
  }
  return checked
}

type Fields = Readonly<Record<string, unknown>>

function countOf(fields: Fields, name: string): number {
  const value = fields[name]
  if (!Number.isSafeInteger(value) || typeof value !== 'number' || value < 0) {
    throw certificateInvalid(`${name} is no count.`)
  }
  return value
}

function bytesOf(fields: Fields, name: string, length: number): Uint8Array {
  const text = fields[name]
  if (typeof text !== 'string' || text.length !== Math.ceil((length * 4) / 3)) {
    throw certificateInvalid(`${name} is no base64url text of ${length} bytes.`)
  }
  const bytes = decodeBase64Url(text)
  if (bytes?.length !== length) throw certificateInvalid(`${name} is no base64url text.`)
  return bytes
}
