import type { CryptoEngine } from '@heddle/protocol/crypto'
import type { Runtime } from '../runtime/index.ts'
import type { CopiesStatus } from './face.ts'
import type { Damage } from './recover.ts'

/** What the store needs of its surroundings. */
export type StoreDeps = {
  readonly runtime: Runtime
  readonly engine: CryptoEngine
  /** Told with the status of the store; absent where nobody knows. */
  copies?(): CopiesStatus
  /** Told of every place in a segment that does not read back. */
  onDamage(damage: Damage): void
  /** Told what went wrong in the background. */
  onFault(what: string, error: unknown): void
}
