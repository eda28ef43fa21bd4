import { encodeBase64Url } from '@heddle/protocol/base'
import {
  type Certificate,
  type CertificateJson,
  certificateFromJson,
  decodeCertificate,
  directorySet,
  portableBls,
  type StorerDirectoryJson,
  storerDirectoryFromJson,
  verifyCertificate,
} from '@heddle/protocol/certificate'

/** A certificate in any of its forms. */
export type AnyCertificate = Certificate | CertificateJson | Uint8Array

/** What a certificate that holds says. */
export type VerifiedBlob = {
  readonly commitment: string
  readonly lengthBytes: number
  readonly rowsSigned: number
  readonly rowsNeeded: number
  /** Storers of the committee, and those that signed. */
  readonly members: number
  readonly signers: number
  /** Null for ever. */
  readonly expiresAtSeconds: number | null
}

/** The certificate, whatever form it is in; form only. Throws `certificate`. */
export function readCertificate(certificate: AnyCertificate): Certificate {
  if (certificate instanceof Uint8Array) return decodeCertificate(certificate)
  return 'version' in certificate ? certificateFromJson(certificate) : certificate
}

/**
 * Checks a certificate against the storer set, here and asking nobody. The set must be from a source the
 * caller trusts: the base layer, or its file. Throws `certificate`, `storer-set`. Some 0.3 s.
 */
export function verifyBlob(given: AnyCertificate, storers: StorerDirectoryJson): VerifiedBlob {
  const certificate = readCertificate(given)
  const set = directorySet(storerDirectoryFromJson(storers))
  const { commitment, rowsSigned, rowsNeeded } = verifyCertificate(portableBls, set, certificate)
  const { parameters, members, signers, expiresAtSeconds } = certificate
  return {
    commitment: encodeBase64Url(commitment),
    lengthBytes: parameters.lengthBytes,
    rowsSigned,
    rowsNeeded,
    members,
    signers: signers.length,
    expiresAtSeconds: expiresAtSeconds === 0 ? null : expiresAtSeconds,
  }
}
