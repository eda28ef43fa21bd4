import { createRuntime } from '@heddle/node/runtime'
import { openTightLoops } from '../packages/node/src/compute/prepare/testing/tight-loops.testing.ts'
import { report } from './report.ts'

const { clock } = createRuntime()
const rounds = 100
const turns = 2_000_000
/** The engine compiles a function anew once it proves hot. */
const warmUps = 20

/** What gas, canonical NaN and marks cost where nothing else happens: time with, over time without. */
export function measureLoops(): void {
  for (const { what, plain, instrumented } of openTightLoops()) {
    const timeMs = (run: (turns: number) => void) => {
      const startMs = clock.elapsedMs()
      run(turns)
      return clock.elapsedMs() - startMs
    }
    for (let i = 0; i < warmUps; i++) for (const run of [plain, instrumented]) timeMs(run)
    const [plainMs, instrumentedMs]: [number[], number[]] = [[], []]
    for (let round = 0; round < rounds; round++) {
      plainMs.push(timeMs(plain))
      instrumentedMs.push(timeMs(instrumented))
    }
    // The fastest of each: in the others something else had the processor too.
    const value = Math.min(...instrumentedMs) / Math.min(...plainMs)
    const note = `${what} per turn: the instrumented loop's time over the plain one's, fastest of ${rounds}`
    report({ bench: 'compute', metric: 'gas-loop', value, unit: 'x', note })
  }
}
