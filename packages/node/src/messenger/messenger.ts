import { errorMessage } from '@heddle/protocol/base'
import { ownerAddress } from '@heddle/protocol/item'
import type { Route } from '../network/index.ts'
import type { Cancel, Timer } from '../runtime/index.ts'
import { type Courier, createCourier } from './courier.ts'
import { Intake } from './intake.ts'
import { type MessengerOptions, resolveOptions } from './options.ts'
import type { MessengerDeps } from './ports.ts'
import { messengerRoutes } from './routes.ts'
import { State } from './state.ts'

export type Messenger = {
  /** Routes without prefix; `main/` mounts them under `/mu`. */
  routes(): Route[]
  /** Ends what is under way (within `closeGraceMs`) and closes the state file. */
  close(): Promise<void>
}

/**
 * Starts pushing: first what was not through when the node stopped, then every new result. Throws
 * `option-invalid` and `state-unusable`.
 */
export async function createMessenger(
  given: MessengerDeps,
  options: Partial<MessengerOptions> = {},
): Promise<Messenger> {
  const all = resolveOptions(options)
  const log = given.log
  const timer = guardedTimer(given.runtime.timer, (error) => fail(error))
  const deps: MessengerDeps = { ...given, runtime: { clock: given.runtime.clock, timer } }
  const address = ownerAddress({ owner: deps.signer.owner }, deps.engine)
  const state = new State(deps.stateFile, timer, all.commitDelayMs)
  let courier: Courier = createCourier(deps, all, state, address)
  let closed = false
  let restarting: Cancel | undefined

  // The state file is the truth: after a failed write all that is in memory is dropped and read again.
  const fail = (error: unknown): void => {
    if (closed || restarting !== undefined) return
    log.error({ error: errorMessage(error) }, 'messenger state failed; starting over from the disk')
    void courier.stop()
    state.forgetListeners()
    restarting = timer.after(all.stateRetryMs, () => {
      restarting = undefined
      courier = createCourier(deps, all, state, address)
      courier.start()
    })
  }
  state.onFailure = fail

  deps.compute.onEvaluated((processId) => courier.pump.notice(processId))
  deps.baseLayer.onBlock(() => courier.ticker.wake())
  deps.metrics.gauge(
    'letters_pending',
    'Letters waiting for a retry',
    () => courier.letters.pending,
  )
  courier.start()

  const shared = { ...deps, state, options: all, address, courier: () => courier }
  const intake = new Intake(shared)
  return {
    routes: () => messengerRoutes({ ...shared, intake, isClosed: () => closed }),
    async close() {
      if (closed) return
      closed = true
      restarting?.()
      const grace = new AbortController()
      const ended = timer.sleep(all.closeGraceMs, grace.signal).catch(() => undefined)
      await Promise.race([courier.stop(), ended])
      grace.abort(new Error('closed'))
      state.close()
    },
  }
}

/** What a timer runs must not bring the node down: it reports instead. */
function guardedTimer(timer: Timer, onError: (error: unknown) => void): Timer {
  return {
    after: (delayMs, run) =>
      timer.after(delayMs, () => {
        try {
          run()
        } catch (error) {
          onError(error)
        }
      }),
    sleep: (delayMs, signal) => timer.sleep(delayMs, signal),
  }
}
