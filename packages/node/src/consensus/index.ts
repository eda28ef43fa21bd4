export type { SoloOptions } from './options.ts'
export type { Block, Consensus } from './ports.ts'
export { openSolo, type SoloDependencies } from './solo.ts'
