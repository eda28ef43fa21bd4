import { Semaphore } from '../runtime/index.ts'
import { dryRunsExhausted, statePending } from './errors.ts'
import { untilAborted } from './process/until-aborted.ts'

/** One caller's dry-runs: those not done, and the line they stand in. */
type Line = { count: number; readonly turns: Semaphore }

/**
 * Bounds how many dry-runs one caller has under way, and has one at a time of each stand in the line of all:
 * nobody's reads starve the others', however long they take.
 */
export class DryRunGate {
  readonly #perCaller: number
  readonly #lines = new Map<string, Line>()

  constructor(perCaller: number) {
    this.#perCaller = perCaller
  }

  /**
   * Rejects with `dry-runs-exhausted`, and with `state-pending` once the caller is gone or its patience
   * over. Until its turn has passed it counts all the same: who hangs up early gains nothing.
   */
  async run<T>(
    { caller, processId }: { readonly caller: string; readonly processId: string },
    signal: AbortSignal | undefined,
    job: () => Promise<T>,
  ): Promise<T> {
    const line = this.#lines.get(caller) ?? { count: 0, turns: new Semaphore(1) }
    if (line.count >= this.#perCaller)
      throw dryRunsExhausted(`${line.count} of yours are under way`)
    this.#lines.set(caller, line)
    line.count++
    const gone = () => statePending(processId)
    const turn = async () => {
      if (signal?.aborted) throw gone()
      return await job()
    }
    const running = line.turns.run(turn).finally(() => {
      line.count--
      if (line.count === 0) this.#lines.delete(caller)
    })
    return await untilAborted(running, signal, gone)
  }
}
