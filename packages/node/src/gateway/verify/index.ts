export { type VerifierOptions, verifierDefaults } from './options.ts'
export { createVerifier, type Verifier } from './verifier.ts'
