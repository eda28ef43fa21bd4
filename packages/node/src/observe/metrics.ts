import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** A few words each, from a set that is known beforehand: every combination is a series. */
export type Labels = Readonly<Record<string, string>>

export type Metrics = {
  /** Adds to a counter named `heddle_<name>_total`; by 0, it is there before anything happened. */
  count(name: string, help: string, by?: number, labels?: Labels): void
  /** Registers a gauge whose value is read when somebody asks. */
  gauge(name: string, help: string, read: () => number | Promise<number>): void
  /** Notes one duration in `heddle_<name>_seconds`. */
  time(name: string, help: string, elapsedMs: number, labels?: Labels): void
  /** The Prometheus text format. */
  text(): Promise<string>
  readonly contentType: string
}

/** From a tenth of a millisecond to ten seconds: a hot message up to a watchdog. */
const bucketSeconds = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 10]
const noLabels: Labels = {}

export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const counters = new Map<string, Counter>()
  const histograms = new Map<string, Histogram>()
  const registers = [registry]
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    count(name, help, by = 1, labels = noLabels) {
      let counter = counters.get(name)
      if (counter === undefined) {
        const labelNames = Object.keys(labels)
        counter = new Counter({ name: `heddle_${name}_total`, help, labelNames, registers })
        counters.set(name, counter)
      }
      counter.inc(labels, by)
    },
    gauge(name, help, read) {
      new Gauge({
        name: `heddle_${name}`,
        help,
        registers,
        async collect() {
          this.set(await read())
        },
      })
    },
    time(name, help, elapsedMs, labels = noLabels) {
      let histogram = histograms.get(name)
      if (histogram === undefined) {
        const shape = { help, buckets: bucketSeconds, labelNames: Object.keys(labels), registers }
        histogram = new Histogram({ name: `heddle_${name}_seconds`, ...shape })
        histograms.set(name, histogram)
      }
      histogram.observe(labels, elapsedMs / 1000)
    },
  }
}
