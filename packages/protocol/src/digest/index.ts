export {
  type AttestationStatement,
  attestationDraft,
  readAttestation,
} from './attestation.ts'
export { canonicalJson, resultDepthMax } from './canonical-json.ts'
export {
  type CheckpointStatement,
  checkpointContentType,
  checkpointDraft,
  readCheckpointItem,
} from './checkpoint-item.ts'
export { type Difference, firstDifference } from './difference.ts'
export { proofInvalid } from './errors.ts'
export {
  attestedBy,
  type JudgeContext,
  judgeSlot,
  type SlotRun,
  type SlotVerdict,
} from './judge-slot.ts'
export { digestBytes } from './labels.ts'
export { type PageDigests, PageTree, pageBytes, rootFromPage } from './page-tree.ts'
export {
  type ChainLink,
  digestResult,
  digestResultText,
  followChain,
  resultChainNext,
  resultChainStart,
} from './result-chain.ts'
export { type Decider, readSlotProof, type SlotProof, slotProofJson } from './slot-proof.ts'
export {
  digestPages,
  firstDifferentPage,
  type StateDigests,
  stateRoot,
  stateRootOf,
} from './state-root.ts'
