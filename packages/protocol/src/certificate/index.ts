export {
  type BlsEngine,
  type BlsSigner,
  blsKeyBytes,
  blsSignatureBytes,
  portableBls,
} from './bls.ts'
export {
  rangeBytes,
  type SegmentPieces,
  type StripeRange,
  segmentsOfRange,
  stripePieces,
  stripeRanges,
} from './byte-range.ts'
export {
  type Certificate,
  certificateCommitment,
  decodeCertificate,
  encodeCertificate,
  portableHash,
} from './certificate.ts'
export { type CertificateJson, certificateFromJson, certificateToJson } from './certificate-json.ts'
export {
  blobLevels,
  type CommittedBlob,
  commitBlob,
  hashPieces,
  type LeafTable,
  newLeafTable,
  piecePath,
  piecePathIn,
  rowPath,
} from './commit.ts'
export { commitmentFrom, commitmentOf, fingerprintsDigest, pathLimits } from './derive.ts'
export { type Assignment, drawAssignment, type Member, seatsOf } from './draw.ts'
export { type CommitmentEngine, portableCommitment } from './engine.ts'
export { fingerprintBytes } from './fingerprint.ts'
export { type Fingerprint, portableFingerprint } from './ghash.ts'
export {
  type BlobLayout,
  type BlobParameters,
  checkParameters,
  decodeParameters,
  encodeParameters,
  layoutOf,
  lengthBytesMax,
} from './parameters.ts'
export { pieceSamplingConfidence, rowSamplesFor, rowSamplingConfidence } from './sampling.ts'
export { encodeSegmentFrame, readSegmentFrames } from './segment-frames.ts'
export {
  type Equivocation,
  isExpired,
  type SignedStatement,
  type Statement,
  statementMessage,
  verifyEquivocation,
} from './statement.ts'
export {
  checkStorerSet,
  epochBeacon,
  makeStorerSet,
  provePossession,
  type Registration,
  registrationMessage,
  type Storer,
  type StorerSet,
  storerSetId,
  verifyPossession,
} from './storer-set.ts'
export {
  directorySet,
  type StorerDirectory,
  type StorerDirectoryJson,
  type StorerEntry,
  storerDirectoryFromJson,
  storerDirectoryToJson,
} from './storer-set-json.ts'
export {
  hashRow,
  type OpenCommitment,
  openCommitment,
  type RowFault,
  type Sample,
  verifyHashedRow,
  verifyRow,
  verifySample,
} from './verify.ts'
export {
  assembleCertificate,
  type CertifiedBlob,
  countRows,
  verifyCertificate,
} from './verify-certificate.ts'
export {
  type RowSegment,
  segmentPathOf,
  segmentStripes,
  verifyRowSegment,
} from './verify-segment.ts'
