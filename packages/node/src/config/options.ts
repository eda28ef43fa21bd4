import type { LogLevel } from '../observe/index.ts'

/** What one node is told. Nothing here may change a deterministic result (DESIGN §5.7). */
export type NodeOptions = {
  readonly dataFolder: string
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
  /** URL under which others reach this node; its Scheduler-Location says so. Default: the listening address. */
  readonly publicUrl: string | undefined
  /** Base URLs of other nodes. */
  readonly peers: readonly string[]
  readonly roles: readonly Role[]
  /** A wallet file (JWK) to be the node's key; default: `node-key.json` in the data folder, made if absent. */
  readonly keyFile: string | undefined
  readonly logLevel: LogLevel
  /** Threads that evaluate; undefined lets the node choose by cores. */
  readonly computeThreads: number | undefined
  /** A message whose evaluation takes longer is ended with an Error. */
  readonly evaluationTimeoutMs: number
}

export type Role = 'gateway' | 'scheduler' | 'compute' | 'messenger'

export const allRoles: readonly Role[] = ['gateway', 'scheduler', 'compute', 'messenger']

export const nodeDefaults: NodeOptions = {
  dataFolder: '.heddle',
  host: '127.0.0.1',
  port: 4000,
  publicUrl: undefined,
  peers: [],
  roles: allRoles,
  keyFile: undefined,
  logLevel: 'warn',
  computeThreads: undefined,
  evaluationTimeoutMs: 10_000,
}
