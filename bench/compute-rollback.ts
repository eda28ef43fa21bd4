import { sign, type Units } from './compute-units.ts'
import { quantile, report } from './report.ts'

/** Each process fails for the first time after another number of good messages. */
const processes = 24
const goodLeast = 12
/** Failures of each process behind its first one, further and further apart. */
const laterFailures = 6

export type FailingActor = {
  readonly name: string
  readonly spawn: () => Promise<string>
  /** `Action` and data of a message that fails. */
  readonly failing: { readonly action: string; readonly data: string }
}

/** What a message that fails costs its thread, in good messages of the same process. */
export async function measureRollback(units: Units, actor: FailingActor): Promise<void> {
  const { name, spawn, failing } = actor
  const good: number[] = []
  const first: number[] = []
  const later: number[] = []
  for (let i = 0; i < processes; i++) {
    const processId = await spawn()
    const run = (action: string, data: string) => costMs(units, processId, action, data)
    const runGood = async () => void good.push((await run('Inc', ' ')).elapsedMs)
    const runFailing = async () => {
      const { failed, elapsedMs } = await run(failing.action, failing.data)
      if (!failed) throw new Error(`${name} did not fail`)
      return elapsedMs
    }
    for (let left = goodLeast + i; left > 0; left--) await runGood()
    first.push(await runFailing())
    for (let apart = 0; apart < laterFailures; apart++) {
      for (let left = apart; left > 0; left--) await runGood()
      later.push(await runFailing())
    }
  }
  const goodMs = quantile(good, 0.5)
  const figure = (metric: string, times: readonly number[], what: string) => {
    const p90 = quantile(times, 0.9) / goodMs
    const note = `${name}: ${what}, going back included, over a good one of ${goodMs.toFixed(3)} ms, medians; p90 ${p90.toFixed(1)}`
    report({ bench: 'compute', metric, value: quantile(times, 0.5) / goodMs, unit: 'x', note })
  }
  figure('rollback-first', first, `the first failed message of each of ${processes} processes`)
  figure('rollback-later', later, `the ${laterFailures} behind it`)
}

/** One message at a time, the time its thread had for it. */
async function costMs(units: Units, processId: string, action: string, data: string) {
  const before = (await units.compute.status(processId)).cost.elapsedMs
  const message = await sign({ Type: 'Message', Action: action }, data, processId)
  const { result } = await units.evaluate(message)
  const { cost } = await units.compute.status(processId)
  return { failed: result.Error !== undefined, elapsedMs: cost.elapsedMs - before }
}
