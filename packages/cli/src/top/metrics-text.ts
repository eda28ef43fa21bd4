/** Values of a node's `/metrics`, by series: `heddle_http_requests_total{room="compute"}`. */
export type Series = ReadonlyMap<string, number>

/** Reads the Prometheus text format; lines that are none of it are passed over. */
export function parseMetrics(text: string): Series {
  const series = new Map<string, number>()
  for (const line of text.split('\n')) {
    const parts = /^([a-z_:][\w:]*(?:\{.*\})?) (\S+)$/i.exec(line)
    const value = Number(parts?.[2])
    if (parts?.[1] !== undefined && Number.isFinite(value)) series.set(parts[1], value)
  }
  return series
}

/** Sum of all series of a name; of those that have a label's text, where one is given. */
export function sumOf(series: Series, name: string, label = ''): number {
  let sum = 0
  for (const [key, value] of series) {
    const isNamed = key === name || key.startsWith(`${name}{`)
    if (isNamed && key.includes(label)) sum += value
  }
  return sum
}
