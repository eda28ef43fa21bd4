import { decodeBase64Url, encodeBase64Url } from '@heddle/protocol/base'
import {
  type BlsEngine,
  type Certificate,
  type CommitmentEngine,
  certificateCommitment,
  certificateFromJson,
  directorySet,
  encodeCertificate,
  type OpenCommitment,
  openCommitment,
  portableBls,
  portableCommitment,
  type StorerDirectoryJson,
  type StorerSet,
  storerDirectoryFromJson,
  verifyCertificate,
} from '@heddle/protocol/certificate'
import { hashIds } from '@heddle/protocol/merkle'
import { readObject, type Transport } from '../transport.ts'
import { certificateForged, hashMissing } from './errors.ts'
import { parseReference } from './reference.ts'
import { type AnyCertificate, readCertificate } from './verify.ts'

/** What certificates and rows are checked with. */
export type DaOptions = {
  /**
   * The storer set, from a source one trusts. With it every certificate must hold before its blob is read or
   * sampled. Without it bytes are still those of the commitment, and all readers of an honest publisher's
   * commitment get the same; but whether storers promised to keep them is the node's word.
   */
  readonly storers?: StorerDirectoryJson
  /** Faster engines than the portable ones; undefined for a hash there is none for. */
  readonly engineFor?: (hashId: number) => CommitmentEngine | undefined
  readonly bls?: BlsEngine
}

/** A node asked for blobs, and what its answers are checked with. */
export type DaSource = {
  readonly transport: Transport
  /** The certificate, which holds where a storer set was given. Rejects with `certificate`. */
  certificate(given: string | AnyCertificate, signal?: AbortSignal): Promise<Certificate>
  /** Throws `da-hash-missing`. */
  engineFor(certificate: Certificate): CommitmentEngine
  /** The fingerprints, which are those of the commitment, opened for checking rows. */
  open(certificate: Certificate, signal?: AbortSignal): Promise<OpenCommitment>
}

/** Certificates found to hold are remembered: each check takes some 0.3 s without a native engine. */
const provenMax = 256

export function createDaSource(transport: Transport, options: DaOptions): DaSource {
  const { storers, bls = portableBls, engineFor = portableEngine } = options
  const set = storers === undefined ? undefined : directorySet(storerDirectoryFromJson(storers))
  const proven = new Set<string>()
  const check = (certificate: Certificate) => {
    if (set !== undefined) checkOnce(proven, bls, set, certificate)
    return certificate
  }
  const source: DaSource = {
    transport,
    async certificate(given, signal) {
      if (typeof given !== 'string') return check(readCertificate(given))
      const { commitment } = parseReference(given)
      const answer = await transport.get(`/da/certificates/${commitment}`, signal)
      const found = certificateFromJson(readObject(transport, answer))
      if (encodeBase64Url(certificateCommitment(found)) === commitment) return check(found)
      throw certificateForged(commitment, transport.url)
    },
    engineFor({ parameters }) {
      const engine = engineFor(parameters.hashId)
      if (engine === undefined) throw hashMissing(parameters.hashId)
      return engine
    },
    async open(certificate, signal) {
      const { parameters, root } = certificate
      const commitment = certificateCommitment(certificate)
      const name = encodeBase64Url(commitment)
      const { body: fingerprints } = await transport.get(`/da/fingerprints/${name}`, signal)
      const committed = { parameters, root, fingerprints, commitment }
      return openCommitment(source.engineFor(certificate), committed)
    },
  }
  return source
}

function checkOnce(
  proven: Set<string>,
  bls: BlsEngine,
  set: StorerSet,
  certificate: Certificate,
): void {
  const name = encodeBase64Url(encodeCertificate(certificate))
  if (proven.has(name)) return
  verifyCertificate(bls, set, certificate)
  if (proven.size >= provenMax) proven.clear()
  proven.add(name)
}

function portableEngine(hashId: number): CommitmentEngine {
  return portableCommitment[hashId === hashIds.blake3 ? 'blake3' : 'sha256']
}

/** Bytes of a header, or none. */
export function headerBytes(headers: Headers, name: string): Uint8Array {
  return decodeBase64Url(headers.get(name) ?? '') ?? new Uint8Array(0)
}
