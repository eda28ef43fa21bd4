export { openCopies } from './copies.ts'
export type {
  Copies,
  CopiesReport,
  CopiesSummary,
  HolderReport,
  KeeperPlace,
  PromisedItem,
} from './face.ts'
export { type CopiesOptions, copiesDefaults } from './options.ts'
export type { CopiedItem, CopiesDeps, CopyItems, CopyStore } from './ports.ts'
