import { encodeBase64Url } from '@heddle/protocol/base'
import { isLocalRetention } from '@heddle/protocol/params'
import { copiesClosed } from './errors.ts'
import type { Copies, CopiesReport, HolderReport } from './face.ts'
import { Keeper } from './keeper/keeper.ts'
import { type CopiesOptions, copiesDefaults } from './options.ts'
import {
  challengeDue,
  type DriverParts,
  lookAtOwn,
  releaseOwed,
  repairShort,
} from './placer/driver.ts'
import { healingStore } from './placer/heal.ts'
import { checkChoice, Keepers } from './placer/keepers.ts'
import { Placer } from './placer/placer.ts'
import type { CopiesDeps } from './ports.ts'
import { copiesRoutes } from './routes.ts'
import { Keeping } from './state/keeping.ts'
import { openState } from './state/open-state.ts'
import { type Holder, Placements } from './state/placements.ts'

/** Opens the room with its file; nothing is asked of others before `start`. Throws `copies-state`. */
export function openCopies(
  path: string,
  deps: CopiesDeps,
  given: Partial<CopiesOptions> = {},
): Copies {
  const options = { ...copiesDefaults, ...given }
  const database = openState(path)
  const placements = new Placements(database)
  const stop = new AbortController()
  const { signal } = stop
  const address = encodeBase64Url(deps.engine.sha256(deps.signer.owner))
  const bare = { deps, options, address, signal }
  const healed = healingStore(deps.store, { asking: bare, placements })
  // What is sent on to another keeper may have to come from one.
  const asking = { ...bare, deps: { ...deps, store: healed } }
  const keeper = new Keeper(deps, options, new Keeping(database))
  const keepers = new Keepers(asking, options)
  // Apart from each other: a large copy that is placed anew keeps no challenge waiting.
  const { lookEveryMs, challengeEveryMs } = options
  const look = (everyMs: number, run: (parts: DriverParts) => Promise<void>) =>
    lookEvery(deps, everyMs, signal, async () => {
      await placer.recover()
      await keeper.tidy()
      await run({ asking, keepers, placements, options, placer, store: healed })
    })
  const releasing = look(lookEveryMs, releaseOwed)
  const looks = [
    look(lookEveryMs, challengeDue),
    look(lookEveryMs, repairShort),
    releasing,
    look(challengeEveryMs, lookAtOwn),
  ]
  const placer = new Placer({ asking, keepers, placements, options, wake: releasing.wake })
  const calls = new Set<Promise<unknown>>()
  /** Counts a call, so that closing waits for it. */
  const run = <T>(call: () => Promise<T>): Promise<T> => {
    if (signal.aborted) return Promise.reject(copiesClosed())
    const running = call()
    calls.add(running)
    const end = () => calls.delete(running)
    running.then(end, end)
    return running
  }
  const report = (id: string) => reportOf(placements, id)
  const summary = () => ({ ...placements.counts(), ...keeper.kept() })
  return {
    async check(retention, sizeBytes = 0) {
      if (isLocalRetention(retention)) return
      const choice = await run(() => keepers.choose(retention, sizeBytes))
      checkChoice(retention, choice)
    },
    keep: (item, keep) => run(() => placer.keep(item, keep)),
    isPromised: (id) => placements.find(id)?.state === 'kept',
    heal: (store) => healingStore(store, { asking, placements }),
    report,
    summary,
    routes: () =>
      copiesRoutes({ keeper, report, summary }).map(({ handle, ...route }) => ({
        ...route,
        handle: (request) => run(async () => handle(request)),
      })),
    start() {
      for (const each of looks) each.start()
    },
    async close() {
      if (signal.aborted) return
      stop.abort(copiesClosed())
      await Promise.all(looks.map((each) => each.ended()))
      await Promise.allSettled(calls)
      database.close()
    },
  }
}

function reportOf(placements: Placements, id: string): CopiesReport | undefined {
  const placement = placements.find(id)
  if (placement === undefined || placement.state !== 'kept') return undefined
  const { data, retention, own, short } = placement
  const holders = placements.holders(id).flatMap(holderReport)
  const minimumStake = String(retention.minimumStake)
  return { id, ...data, ...retention, minimumStake, own, short, holders }
}

/** None for one that was only asked, or is only to be told that it need not. */
function holderReport(holder: Holder): HolderReport[] {
  const { keeper, state, sinceMs, provenMs, failures, error } = holder
  if (state !== 'held' && state !== 'failed') return []
  const told = error === undefined ? {} : { error }
  return [{ ...keeper, state, sinceMs, provenMs, failures, ...told }]
}

/** Looks again and again at what is due, one look after another, until the signal ends it. */
function lookEvery(
  { runtime, warn }: CopiesDeps,
  everyMs: number,
  signal: AbortSignal,
  look: () => Promise<void>,
) {
  let running: Promise<void> | undefined
  let cancel = () => {}
  let isStarted = false
  const lookAfter = (delayMs: number) => {
    cancel()
    if (signal.aborted || !isStarted || running !== undefined) return
    cancel = runtime.timer.after(delayMs, () => {
      running = look()
        .catch((error: unknown) => {
          if (!signal.aborted) warn({ error }, 'looking after copies failed; tried again soon')
        })
        .finally(() => {
          running = undefined
          lookAfter(everyMs)
        })
    })
  }
  return {
    start() {
      isStarted = true
      lookAfter(0)
    },
    wake: () => lookAfter(0),
    async ended() {
      cancel()
      await running
    },
  }
}
