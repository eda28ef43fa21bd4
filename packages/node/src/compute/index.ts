export { createCompute } from './compute.ts'
export {
  type CheckedUnit,
  openChecker,
  type Verification,
} from './digest/verify-slot.ts'
export type { Compute, ComputeFace, Evaluation, ProcessStatus } from './face.ts'
export { buildJsModule } from './guest-js/index.ts'
export { type ComputeOptions, computeDefaults } from './options.ts'
export type { ComputeDependencies, ItemSource, ProcessLog, Report } from './ports.ts'
