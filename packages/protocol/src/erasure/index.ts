export {
  blockBytes,
  checkDecode,
  checkEncode,
  checkShape,
  type ErasureEngine,
  type Row,
  rowsMax,
  type StripeShape,
} from './engine.ts'
export { cantorBasis, multiply, point } from './field.ts'
export { lagrangeCoefficients } from './interpolate.ts'
export { type ErasureLocator, locateErasures } from './locator.ts'
export { planeErasure } from './plane-erasure.ts'
export { encodeSymbols, recoverSymbols, referenceErasure } from './reference.ts'
