export { bisect, type Parting } from './bisect.ts'
export { readReceipt, writeReceipt } from './codec.ts'
export { type Comparison, checkReplaySet, compareReceipts, type ReplaySet } from './compare.ts'
export { promptDigest, stepDigests } from './digest.ts'
export { receiptStepWrong } from './errors.ts'
export { type Finish, linkAt, type Receipt, receiptLimits, type Sha256 } from './receipt.ts'
export {
  checkVerdict,
  type LogitsAfter,
  refereeStep,
  referenceLogits,
  type StepVerdict,
} from './referee.ts'
