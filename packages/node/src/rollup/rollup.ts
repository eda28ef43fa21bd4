import type { Route } from '../network/index.ts'
import type { Hosting } from './hosting.ts'
import { type RollupOptions, rollupDefaults } from './options.ts'
import type { RecoveryDeps } from './ports.ts'
import { Recovery, type RecoveryInput, type RecoveryState } from './recovery.ts'
import { Roller } from './roller.ts'
import { rollupRoutes } from './routes.ts'

export type RollupRoom = {
  /** Rolls up all that is evaluated now; resolves when it is kept. */
  flush(): Promise<void>
  /** Rebuilds a process from rollups; `recoveryState` tells how it goes. */
  recover(processId: string, input?: Partial<RecoveryInput>): Promise<void>
  /** Takes the data of one rollup, in order of slot; `recover` ends it. Resolves with the next slot. */
  takeBundle(processId: string, bytes: Uint8Array): Promise<number>
  recoveryState(processId: string): RecoveryState
  /** Routes of the node's root, under `/rollup`. */
  routes(): Route[]
  close(): Promise<void>
}

/** Starts rolling up the logs this node schedules, going on where it stopped; see README. */
export function createRollup(
  deps: RecoveryDeps,
  hosting: Hosting,
  given: Partial<RollupOptions> = {},
): RollupRoom {
  const options = { ...rollupDefaults, ...given }
  const roller = new Roller(deps, hosting, options)
  const recovery = new Recovery(deps, hosting, options)
  const { sources } = deps
  return {
    flush: () => roller.flush(),
    recover: (processId, input = {}) => recovery.start(processId, { sources, ...input }),
    takeBundle: (processId, bytes) => recovery.takeBundle(processId, bytes),
    recoveryState: (processId) => recovery.state(processId),
    routes: () =>
      rollupRoutes({
        recovery,
        sources,
        last: (processId) => roller.last(processId),
        flush: () => roller.flush(),
      }),
    async close() {
      await Promise.all([roller.close(), recovery.close()])
    },
  }
}
