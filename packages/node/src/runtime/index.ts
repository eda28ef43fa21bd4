export type { Cancel, Clock, Disk, File, Random, Runtime, Timer } from './ports.ts'
export { createRuntime } from './runtime.ts'
