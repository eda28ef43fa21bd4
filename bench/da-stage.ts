import { quantile } from './report.ts'

/** Something to measure: how many bytes one run of it works through. */
export type Stage = { readonly name: string; readonly bytes: number; run(): void }

/** MB/s of a stage in every round, by the CPU time of this thread and by the wall. */
export type Rates = { readonly cpu: number[]; readonly wall: number[] }

/** The kernel counts CPU time in ticks of some milliseconds: shorter loops measure the tick. */
const loopMs = 160
const slowRunMs = 60

function measure({ bytes, run }: Stage): { cpu: number; wall: number } {
  const startMs = performance.now()
  const start = process.threadCpuUsage()
  let runs = 0
  let elapsedMs = 0
  while (elapsedMs < loopMs) {
    run()
    runs++
    elapsedMs = performance.now() - startMs
    if (runs === 1 && elapsedMs > slowRunMs) break
  }
  const { user, system } = process.threadCpuUsage(start)
  // Bytes per microsecond are megabytes per second.
  return { cpu: (runs * bytes) / (user + system), wall: (runs * bytes) / 1000 / elapsedMs }
}

/** Measures all stages in turn, round after round, so that each meets the same neighbours. */
export function measureAll(stages: readonly Stage[], rounds: number): Map<string, Rates> {
  const rates = new Map(stages.map(({ name }) => [name, { cpu: [], wall: [] } as Rates]))
  // The first round warms up.
  for (let round = 0; round <= rounds; round++) {
    for (const stage of stages) {
      const { cpu, wall } = measure(stage)
      if (round === 0) continue
      rates.get(stage.name)?.cpu.push(cpu)
      rates.get(stage.name)?.wall.push(wall)
    }
  }
  return rates
}

/**
 * The best round, in MB/s. The work is the same in every round, so what differs is the neighbours;
 * ours, peers and limits are all taken so. The notes tell the middle round as well.
 */
export function best(rates: readonly number[] | undefined): number {
  return Math.max(...(rates ?? [Number.NaN]))
}

/** The middle of all rounds, in MB/s. */
export function median(rates: readonly number[]): number {
  return quantile(rates, 0.5)
}
