import type { Signer } from '@heddle/protocol/item'
import type { NodeOptions } from '../config/index.ts'
import type { Log, Metrics } from '../observe/index.ts'
import type { Runtime } from '../runtime/index.ts'
import type { Closing } from './closing.ts'

/** What every room is built from. */
export type Ground = {
  readonly options: NodeOptions
  readonly runtime: Runtime
  readonly signer: Signer
  readonly log: Log
  readonly metrics: Metrics
  /** Where others reach this node. */
  readonly publicUrl: string
  /** Closed in reverse order of opening. */
  readonly closing: Closing
}
