export {
  type AssignmentStatement,
  assignmentDraft,
  blockHeightText,
  excludeLimits,
  isExcludeName,
  readAssignment,
} from './assignment.ts'
export {
  checkChain,
  hashChainNext,
  hashChainStart,
  verifyAssignment,
} from './assignment-chain.ts'
export type {
  Assignment,
  CallReceipt,
  EvaluationEnvironment,
  EvaluationMessage,
  LogEntry,
  OutgoingAssignment,
  OutgoingMessage,
  OutgoingSpawn,
  Result,
} from './entry.ts'
export { type DryRunDefaults, dryRunInvalid, dryRunMessage } from './evaluation-dry-run.ts'
export { memoryLimitDefaultBytes, readMemoryLimit } from './evaluation-memory.ts'
export {
  cronMessage,
  cronTickOf,
  evaluationEnvironment,
  evaluationMessage,
  type PresentedMessage,
  type PresentedSlot,
  presentedOwner,
} from './evaluation-message.ts'
export { errorResult, readReply, resultLimits, writeResult } from './evaluation-result.ts'
export { schedulerLocationDraft } from './scheduler-location.ts'
