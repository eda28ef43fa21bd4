import { concatBytes } from '../base/index.ts'
import {
  type BlobHash,
  digestBytes,
  hashIds,
  portableBlake3,
  portableSha256,
} from '../merkle/index.ts'
import { limits } from '../params/index.ts'
import { blsSignatureBytes } from './bls.ts'
import { commitmentFrom } from './derive.ts'
import { certificateInvalid } from './errors.ts'
import { u64Bytes } from './numbers.ts'
import { type BlobParameters, decodeParameters, encodeParameters } from './parameters.ts'

/** Proof that enough rows of a blob are held; what is ordered in place of the blob. */
export type Certificate = {
  readonly parameters: BlobParameters
  readonly root: Uint8Array
  /** Digest of the fingerprints; with parameters and root it gives the commitment. */
  readonly zRoot: Uint8Array
  /** The storer set that rows were drawn from, and its epoch. */
  readonly setId: Uint8Array
  readonly epoch: number
  /** Seconds since 1970; 0 for ever. */
  readonly expiresAtSeconds: number
  /** Members of the committee there are, and the places of those that signed, ascending. */
  readonly members: number
  readonly signers: readonly number[]
  /** Aggregate of the signers' signatures over the statement. */
  readonly signature: Uint8Array
}

const version = 1
const parametersBytes = 14
/** Bytes before the bitmap. */
const fixedBytes = 1 + parametersBytes + 3 * digestBytes + 2 * 8 + 1

const bytesMax = fixedBytes + Math.ceil(limits.seatsMax / 8) + blsSignatureBytes

/** The portable hash a commitment names. */
export function portableHash(hashId: number): BlobHash {
  return hashId === hashIds.blake3 ? portableBlake3 : portableSha256
}

/** The commitment a certificate is about. */
export function certificateCommitment({ parameters, root, zRoot }: Certificate): Uint8Array {
  return commitmentFrom(portableHash(parameters.hashId), parameters, root, zRoot)
}

/** Compact bytes, at most 237: see spec/05-certificate.md §3. */
export function encodeCertificate(certificate: Certificate): Uint8Array {
  checkForm(certificate)
  const { parameters, root, zRoot, setId, epoch, expiresAtSeconds, members } = certificate
  const bitmap = new Uint8Array(Math.ceil(members / 8))
  for (const place of certificate.signers) {
    bitmap[place >> 3] = (bitmap[place >> 3] ?? 0) | (1 << (place & 7))
  }
  return concatBytes([
    Uint8Array.of(version),
    encodeParameters(parameters),
    root,
    zRoot,
    setId,
    u64Bytes(epoch),
    u64Bytes(expiresAtSeconds),
    Uint8Array.of(members),
    bitmap,
    certificate.signature,
  ])
}

/** Reads the compact bytes; throws `certificate` or `commitment-parameters`. Form only. */
export function decodeCertificate(given: Uint8Array): Certificate {
  // A copy, so that nothing here lives on in the caller's buffer.
  const bytes = given.length <= bytesMax ? new Uint8Array(given) : given
  if (bytes.length < fixedBytes) throw certificateInvalid('the certificate ends too early.')
  if (bytes[0] !== version) throw certificateInvalid(`version ${bytes[0]} is not known.`)
  const members = bytes[fixedBytes - 1] ?? 0
  const bitmapBytes = Math.ceil(members / 8)
  if (bytes.length !== fixedBytes + bitmapBytes + blsSignatureBytes) {
    throw certificateInvalid('the certificate has the wrong length.')
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const digest = (place: number) => {
    const from = 1 + parametersBytes + place * digestBytes
    return bytes.slice(from, from + digestBytes)
  }
  const timesAt = 1 + parametersBytes + 3 * digestBytes
  const bitmap = bytes.subarray(fixedBytes, fixedBytes + bitmapBytes)
  const signers = Array.from({ length: 8 * bitmapBytes }, (_, place) => place).filter(
    (place) => ((bitmap[place >> 3] ?? 0) >> (place & 7)) & 1,
  )
  const certificate = {
    parameters: decodeParameters(bytes.subarray(1, 1 + parametersBytes)),
    root: digest(0),
    zRoot: digest(1),
    setId: digest(2),
    epoch: Number(view.getBigUint64(timesAt, true)),
    expiresAtSeconds: Number(view.getBigUint64(timesAt + 8, true)),
    members,
    signers,
    signature: bytes.slice(fixedBytes + bitmapBytes),
  }
  checkForm(certificate)
  return certificate
}

function checkForm(certificate: Certificate): void {
  const { root, zRoot, setId, epoch, expiresAtSeconds, members, signers } = certificate
  if ([root, zRoot, setId].some(({ length }) => length !== digestBytes)) {
    throw certificateInvalid('root, digest of fingerprints and set have 32 bytes each.')
  }
  for (const count of [epoch, expiresAtSeconds]) {
    if (!Number.isSafeInteger(count) || count < 0) throw certificateInvalid('a time is no count.')
  }
  if (!Number.isInteger(members) || members < 1 || members > limits.seatsMax) {
    throw certificateInvalid(`a committee has 1 to ${limits.seatsMax} members, not ${members}.`)
  }
  const inOrder = signers.every(
    (place, i) => Number.isInteger(place) && place < members && place > (signers[i - 1] ?? -1),
  )
  if (!inOrder || signers.length > members) {
    throw certificateInvalid('signers are not ascending places of the committee.')
  }
  if (certificate.signature.length !== blsSignatureBytes) {
    throw certificateInvalid('a signature has 96 bytes.')
  }
}
