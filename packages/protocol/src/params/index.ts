export {
  type Committee,
  type CommitteeBounds,
  committeeBounds,
  committeeFor,
  committees,
  drawSafetyBits,
  epochSafetyBits,
  layout,
  limits,
  permanent,
} from './availability.ts'
export { callStack, gasTable, type InstructionClass, readComputeLimit } from './gas.ts'
export { modelCalls } from './model-calls.ts'
export {
  isLocalRetention,
  isPlacementLabel,
  isRetained,
  parseRetention,
  permanentRetention,
  type Retention,
  retentionLimits,
  retentionTags,
  tagsOfRetention,
} from './retention.ts'
export { quoteStorage, type StoragePrices, storagePrices } from './retention-price.ts'
export { weaveDrive } from './weave-drive.ts'
