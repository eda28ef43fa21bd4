export { asksForCertificates } from './certified.ts'
export type { AssignOptions, Receipt, SchedulerFace } from './face.ts'
export {
  type MainnetParts,
  readCurrentSlot,
  readSchedule,
  type ScheduleShape,
  type SlotRange,
  type SlotShape,
} from './mainnet.ts'
export { type SchedulerOptions, schedulerDefaults } from './options.ts'
export type { BaseLayer, Certify, Hosting, Items, SchedulerDeps } from './ports.ts'
export { encodeRecord } from './record.ts'
export { createScheduler, type Scheduler } from './scheduler.ts'
