import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'

export type Line = {
  readonly label: string
  /** Name of a colour token, e.g. `--series-1`. */
  readonly color: string
  readonly values: readonly (number | null)[]
  readonly fill?: boolean
}

type ChartProps = {
  readonly title: string
  /** Milliseconds since 1970. */
  readonly times: readonly number[]
  readonly lines: readonly Line[]
  readonly format: (value: number) => string
}

const heightPx = 150
const axisPx = 56
const timesPx = 28

/** Lines over time. What they say now is in text beside it, so the canvas is decoration to a reader. */
export function Chart({ title, times, lines, format }: ChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const latest = useRef<uPlot.AlignedData>([[]])
  latest.current = [
    times.map((ms) => ms / 1000),
    ...lines.map(({ values }) => values.slice()),
  ] as uPlot.AlignedData

  // Lines keep their labels and colours
  useEffect(() => {
    const element = place.current
    if (element === null) return
    const make = () => {
      plot.current?.destroy()
      const options = chartOptions(element, lines, format)
      plot.current = new uPlot(options, latest.current, element)
    }
    make()
    const resizing = new ResizeObserver(() => {
      plot.current?.setSize({ width: element.clientWidth, height: heightPx })
    })
    resizing.observe(element)
    const scheme = matchMedia('(prefers-color-scheme: dark)')
    scheme.addEventListener('change', make)
    window.addEventListener('heddle-theme', make)
    return () => {
      resizing.disconnect()
      scheme.removeEventListener('change', make)
      window.removeEventListener('heddle-theme', make)
      plot.current?.destroy()
      plot.current = null
    }
  }, [])

  // New values, new picture
  useEffect(() => plot.current?.setData(latest.current), [times])

  return (
    <figure class="chart">
      <figcaption>
        <span class="chart-title">{title}</span>
        {lines.map(({ label, color, values }) => {
          const now = values.at(-1)
          return (
            <span key={label} class="chart-key">
              <i class={`swatch swatch-${color}`} aria-hidden="true" />
              {label} <b>{now === null || now === undefined ? '–' : format(now)}</b>
            </span>
          )
        })}
      </figcaption>
      <div class="chart-canvas" ref={place} aria-hidden="true" />
    </figure>
  )
}

function chartOptions(
  element: HTMLElement,
  lines: readonly Line[],
  format: (value: number) => string,
): uPlot.Options {
  const style = getComputedStyle(element)
  const token = (name: string) => style.getPropertyValue(name).trim()
  const axis = {
    stroke: token('--quiet'),
    grid: { stroke: token('--line'), width: 1 },
    ticks: { show: false },
    font: `12px ${token('--font')}`,
  }
  const toSeconds = uPlot.fmtDate('{HH}:{mm}:{ss}')
  return {
    width: element.clientWidth,
    height: heightPx,
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 8, 0, 0],
    scales: { y: { range: (_plot, _least, most) => [0, Math.max(most * 1.15, 1)] } },
    axes: [
      {
        ...axis,
        size: timesPx,
        space: 90,
        values: (_plot, splits) => splits.map((at) => toSeconds(new Date(at * 1000))),
      },
      { ...axis, size: axisPx, values: (_plot, splits) => splits.map(format), space: 36 },
    ],
    series: [
      {},
      ...lines.map(({ label, color, fill }) => {
        const stroke = token(`--series-${color}`)
        const area = fill ? { fill: token(`--series-${color}-fill`) } : {}
        return { label, stroke, width: 1.75, points: { show: false }, ...area }
      }),
    ],
  }
}
