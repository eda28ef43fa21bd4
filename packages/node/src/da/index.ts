export { nativeCommitment, nativeSha256 } from './commitment-engine.ts'
export { openErasureEngine, type WasmErasure } from './erasure-engine.ts'
export { loadErasureKernel } from './kernel.ts'
