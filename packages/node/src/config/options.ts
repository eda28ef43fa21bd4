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
  /** What live processes may take in memory together, MiB; undefined: a quarter of the machine's. */
  readonly computeMemoryMebibytes: number | undefined
  /** A message whose evaluation takes longer is ended with an Error. */
  readonly evaluationTimeoutMs: number
  /** What the models that answer at /v1 may hold in memory together, MiB. */
  readonly modelMemoryMebibytes: number
  /** Positions of an answer at /v1 at most; each answer's cache grows with it. */
  readonly modelContextTokens: number
  /** Storers of the wide lane to start beside this node, each a process; 0 for none. */
  readonly storers: number
  /** File of the storer set that blobs are published to; default: that of the storers started here. */
  readonly storerSetFile: string | undefined
  /** `certified`: replies about all processes wait for a certificate; else of those whose spawn asks for it. */
  readonly availability: 'local' | 'certified'
  /** Port of a storer's lane; 0 lets the system choose. */
  readonly lanePort: number
  /** Serves what only development wants: blocks and balances for the asking. */
  readonly dev: boolean
  /** Asked for a MiB of a layer-1 transaction's data, winston. */
  readonly winstonPerMebibyte: number
  /** Nodes that keep copies of what is uploaded here, and the addresses they sign as. */
  readonly keepers: readonly { readonly url: string; readonly address: string }[]
  /** Labels of where this node's disk is, such as `region:eu`. */
  readonly placement: readonly string[]
  /** What this node keeps for others, all together, MiB; 0: nothing. */
  readonly keepCopiesMebibytes: number
  /** Addresses of the nodes that copies are kept for. */
  readonly keepFor: readonly string[] | 'anyone'
  /** Address whose items on the base layer give stakes; default: the node's own. */
  readonly stakeAuthority: string | undefined
  /** Time between two challenges of a copy, seconds. */
  readonly challengeCopiesSeconds: number
  /** Processes to rebuild from the rollups that peers, or this node's own store, hold. */
  readonly recover: readonly string[]
}

/** `storer` stands alone: a storer is nothing else. */
export type Role = 'gateway' | 'scheduler' | 'compute' | 'messenger' | 'storer'

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
  computeMemoryMebibytes: undefined,
  evaluationTimeoutMs: 60_000,
  modelMemoryMebibytes: 2048,
  modelContextTokens: 2048,
  storers: 0,
  storerSetFile: undefined,
  availability: 'local',
  lanePort: 0,
  dev: false,
  winstonPerMebibyte: 0,
  keepers: [],
  placement: [],
  keepCopiesMebibytes: 0,
  keepFor: [],
  stakeAuthority: undefined,
  challengeCopiesSeconds: 3600,
  recover: [],
}
