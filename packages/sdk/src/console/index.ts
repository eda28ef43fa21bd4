export {
  colourCode,
  isUnfinished,
  type Language,
  readTokens,
  type Token,
  type TokenKind,
} from './lexer.ts'
export { type NewResults, newResults } from './new-results.ts'
export { completeName, findSubject, inboxCode, promptOf, type Subject } from './subject.ts'
export { describeResult, namedError, summarizeResult } from './summary.ts'
