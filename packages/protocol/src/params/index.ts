export {
  type Committee,
  type CommitteeBounds,
  committeeBounds,
  committeeFor,
  committees,
  drawSafetyBits,
  layout,
  limits,
  permanent,
} from './availability.ts'
export { callStack, gasTable, type InstructionClass, readComputeLimit } from './gas.ts'
export {
  isRetained,
  parseRetention,
  permanentRetention,
  type Retention,
  retentionLimits,
  retentionTags,
  tagsOfRetention,
} from './retention.ts'
export { quoteStorage, type StoragePrices, storagePrices } from './retention-price.ts'
