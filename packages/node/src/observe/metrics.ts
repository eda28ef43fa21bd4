import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

export type Metrics = {
  /** Adds to a counter named `heddle_<name>_total`. */
  count(name: string, help: string, by?: number): void
  /** Registers a gauge whose value is read when somebody asks. */
  gauge(name: string, help: string, read: () => number): void
  /** Notes one duration in `heddle_<name>_seconds`. */
  time(name: string, help: string, elapsedMs: number): void
  /** The Prometheus text format. */
  text(): Promise<string>
  readonly contentType: string
}

/** From a tenth of a millisecond to ten seconds: a hot message up to a watchdog. */
const bucketSeconds = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 10]

export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const counters = new Map<string, Counter>()
  const histograms = new Map<string, Histogram>()
  const registers = [registry]
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    count(name, help, by = 1) {
      let counter = counters.get(name)
      if (counter === undefined) {
        counter = new Counter({ name: `heddle_${name}_total`, help, registers })
        counters.set(name, counter)
      }
      counter.inc(by)
    },
    gauge(name, help, read) {
      new Gauge({
        name: `heddle_${name}`,
        help,
        registers,
        collect() {
          this.set(read())
        },
      })
    },
    time(name, help, elapsedMs) {
      let histogram = histograms.get(name)
      if (histogram === undefined) {
        const buckets = bucketSeconds
        histogram = new Histogram({ name: `heddle_${name}_seconds`, help, buckets, registers })
        histograms.set(name, histogram)
      }
      histogram.observe(elapsedMs / 1000)
    },
  }
}
