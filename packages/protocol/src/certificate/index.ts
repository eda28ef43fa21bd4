export {
  blobLevels,
  type CommittedBlob,
  commitBlob,
  hashPieces,
  type LeafTable,
  newLeafTable,
  piecePath,
  rowPath,
} from './commit.ts'
export { type CommitmentEngine, portableCommitment } from './engine.ts'
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
export {
  type OpenCommitment,
  openCommitment,
  type RowFault,
  type Sample,
  verifyRow,
  verifySample,
} from './verify.ts'
