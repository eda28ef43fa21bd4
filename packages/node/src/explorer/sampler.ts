import type { Sample } from '@heddle/protocol/api'
import { explorerLimits } from './options.ts'
import type { HostUse } from './ports.ts'

/** What a sample takes from outside. */
export type SampleFacts = HostUse & {
  readonly atMs: number
  readonly processes: number
  readonly height: number
}

/** Of all latencies, the largest this part is below. */
const highQuantile = 0.99

/** Counts what happens and makes a sample of it whenever it is told to. */
export class Sampler {
  readonly samples: Sample[] = []
  readonly #latencies: number[] = []
  #scheduled = 0
  #evaluated = 0
  #backlog: number
  #sinceMs: number

  constructor(backlogSlots: number, nowMs: number) {
    this.#backlog = backlogSlots
    this.#sinceMs = nowMs
  }

  scheduled(): void {
    this.#scheduled++
    this.#backlog++
  }

  evaluated(latencyMs: number | undefined): void {
    this.#evaluated++
    this.#backlog = Math.max(0, this.#backlog - 1)
    if (latencyMs === undefined || this.#latencies.length >= explorerLimits.latenciesMax) return
    this.#latencies.push(latencyMs)
  }

  take(facts: SampleFacts): Sample {
    const seconds = Math.max(facts.atMs - this.#sinceMs, 1) / 1000
    const sorted = this.#latencies.toSorted((a, b) => a - b)
    const at = (part: number) => sorted[Math.floor(part * (sorted.length - 1))] ?? null
    const sample: Sample = {
      ...facts,
      scheduledPerSecond: Math.round((this.#scheduled / seconds) * 10) / 10,
      evaluatedPerSecond: Math.round((this.#evaluated / seconds) * 10) / 10,
      backlogSlots: this.#backlog,
      latencyMedianMs: at(0.5),
      latencyHighMs: at(highQuantile),
    }
    this.samples.push(sample)
    if (this.samples.length > explorerLimits.samplesMax) this.samples.shift()
    this.#latencies.length = 0
    this.#scheduled = 0
    this.#evaluated = 0
    this.#sinceMs = facts.atMs
    return sample
  }
}
