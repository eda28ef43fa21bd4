export { type CheckedTransaction, checkTransaction } from './check-transaction.ts'
export { type VerifierOptions, verifierDefaults } from './options.ts'
export { createVerifier, type Verifier } from './verifier.ts'
