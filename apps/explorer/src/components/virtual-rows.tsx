import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  type VirtualItem,
  Virtualizer,
} from '@tanstack/virtual-core'
import type { ComponentChildren, VNode } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'

type VirtualRowsProps = {
  readonly label: string
  readonly columns: readonly string[]
  /** Class with the columns' widths. */
  readonly layout: string
  readonly count: number
  /** Cells of a row, or undefined while it is not here. */
  row(at: number): readonly ComponentChildren[] | undefined
  /** Where a row leads to. */
  open?(at: number): void
  /** Told which rows are in sight. */
  onRange?(from: number, to: number): void
}

const rowPx = 44
const overscanRows = 8
/** Above the rows in sight: a row that leaves at one end is used again at the other. */
const reusedRows = 256

/** A table of any length: only rows in sight are in the page. */
export function VirtualRows(props: VirtualRowsProps): VNode {
  const { label, columns, layout, count, row, open } = props
  const scroller = useRef<HTMLElement>(null)
  const items = useVirtual(scroller, count, props.onRange)
  const [active, setActive] = useState(-1)
  const move = (to: number) => {
    const at = Math.max(0, Math.min(count - 1, to))
    setActive(at)
    items.show(at)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = steps[event.key]
    if (event.target !== scroller.current || event.metaKey || event.ctrlKey) return
    if (step !== undefined) move(step(active, count))
    else if (event.key === 'Enter' && active >= 0) open?.(active)
    else return
    event.preventDefault()
  }
  return (
    <section
      class="rows"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
      tabIndex={0}
      data-keys="rows"
      aria-label={`${label}: j and k move, Enter opens`}
      ref={scroller}
      onKeyDown={onKeyDown}
    >
      <table class={layout} aria-label={label} aria-rowcount={count + 1}>
        <thead>
          <tr class="row row-head" aria-rowindex={1}>
            {columns.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody style={{ height: `${items.totalPx}px` }}>
          {items.inSight.map(({ index, start }) => (
            <Row
              key={index % reusedRows}
              at={index}
              startPx={start}
              cells={row(index)}
              columns={columns}
              isActive={index === active}
            />
          ))}
        </tbody>
      </table>
    </section>
  )
}

const steps: Readonly<Record<string, (at: number, count: number) => number>> = {
  j: (at) => at + 1,
  ArrowDown: (at) => at + 1,
  k: (at) => at - 1,
  ArrowUp: (at) => at - 1,
  Home: () => 0,
  End: (_at, count) => count - 1,
}

type RowProps = {
  readonly at: number
  readonly startPx: number
  readonly cells: readonly ComponentChildren[] | undefined
  readonly columns: readonly string[]
  readonly isActive: boolean
}

function Row({ at, startPx, cells, columns, isActive }: RowProps) {
  return (
    <tr
      class={isActive ? 'row row-active' : 'row'}
      aria-rowindex={at + 2}
      style={{ transform: `translateY(${startPx}px)` }}
    >
      {columns.map((name, column) => (
        <td key={name}>{cells === undefined ? <i class="loading-bar" /> : cells[column]}</td>
      ))}
    </tr>
  )
}

type InSight = {
  readonly inSight: readonly VirtualItem[]
  readonly totalPx: number
  show(at: number): void
}

function useVirtual(
  scroller: { current: HTMLElement | null },
  count: number,
  onRange: VirtualRowsProps['onRange'],
): InSight {
  const [, redraw] = useState(0)
  const held = useRef<Virtualizer<HTMLElement, HTMLElement> | null>(null)
  const seen = useRef('')
  const options = {
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowPx,
    overscan: overscanRows,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    onChange: () => redraw((round) => round + 1),
  }
  held.current ??= new Virtualizer(options)
  const virtual = held.current
  virtual.setOptions({ ...virtual.options, ...options })
  useLayoutEffect(() => virtual._didMount(), [virtual])
  useLayoutEffect(() => virtual._willUpdate())
  const inSight = virtual.getVirtualItems()
  const from = inSight[0]?.index ?? 0
  const to = (inSight.at(-1)?.index ?? -1) + 1
  useLayoutEffect(() => {
    if (seen.current === `${from} ${to} ${count}`) return
    seen.current = `${from} ${to} ${count}`
    if (to > from) onRange?.(from, to)
  })
  return { inSight, totalPx: virtual.getTotalSize(), show: (at) => virtual.scrollToIndex(at) }
}
