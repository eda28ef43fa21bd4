export { openErasureEngine, type WasmErasure } from './erasure-engine.ts'
export { loadErasureKernel } from './kernel.ts'
