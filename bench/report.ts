/** One measured figure. `ratio` is ours against the peer, above one where ours is better. */
export type Figure = {
  readonly bench: string
  readonly metric: string
  readonly value: number
  readonly unit: string
  readonly peer?: string
  readonly ratio?: number
  /** What was measured and how, for whoever reads the number later. */
  readonly note?: string
}

function rounded(value: number): number {
  return Number(value.toPrecision(4))
}

/** Prints one JSON line per figure on standard output; remarks go to standard error. */
export function report(figure: Figure): void {
  const { value, ratio, ...rest } = figure
  const ratioPart = ratio === undefined ? {} : { ratio: rounded(ratio) }
  process.stdout.write(`${JSON.stringify({ ...rest, value: rounded(value), ...ratioPart })}\n`)
}

export function remark(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** The q-th part of the values, in order (0.5 is the median). */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN
}
