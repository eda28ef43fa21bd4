export { checkPostedChunk, parsePostedChunk } from './check-chunk.ts'
export { ChunkCutter } from './chunk-cutter.ts'
export {
  signTransaction,
  type TransactionContent,
  type TransactionSigner,
} from './create-transaction.ts'
export {
  type CheckedBranches,
  type DataClaim,
  type PostedChunk,
  type ProvenChunk,
  validatePath,
} from './data-path.ts'
export { type DataChunk, DataRootBuilder, dataRootOf } from './data-root-builder.ts'
export { type DataLeaf, type DataTree, DataTreeBuilder } from './data-tree.ts'
export type { ChunkFault } from './errors.ts'
export { HashList } from './hash-list.ts'
export { chunkBytesMax, chunkBytesMin, transactionLimits } from './limits.ts'
export { parseTransaction, transactionToJson } from './parse-transaction.ts'
export {
  challengedOffsets,
  type StorageAnswer,
  type StorageChallenge,
  storageAnswersMax,
  verifyStorageProof,
} from './random-access.ts'
export {
  type RawTag,
  type Transaction,
  type TransactionDraft,
  type TransactionJson,
  transactionTags,
} from './transaction.ts'
export {
  findTransactionFault,
  type TransactionFault,
  transactionId,
  transactionOwner,
  transactionPayload,
  verifyTransaction,
} from './verify-transaction.ts'
