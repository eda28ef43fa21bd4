export { createExplorer, type Explorer } from './explorer.ts'
export type { ExplorerDeps, HostUse } from './ports.ts'
