export {
  findUnfit,
  type KeeperStatement,
  keeperStatementDraft,
  readKeeperStatement,
  type Unfit,
} from './keeper.ts'
export { copyLimits } from './limits.ts'
export { openStatement } from './statement.ts'
export {
  type CopyPromise,
  type CopyRelease,
  type CopyRequest,
  type CopyTerms,
  copyPromiseDraft,
  copyReleaseDraft,
  copyRequestDraft,
  keepsTerms,
  readCopyPromise,
  readCopyRelease,
  readCopyRequest,
} from './terms.ts'
