import type { VNode } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { Block, blockRows, type RowSource, rowPx } from './virtual-block.tsx'

type VirtualRowsProps<Data> = RowSource<Data> & {
  readonly label: string
  /** Class with the columns' widths. */
  readonly layout: string
  readonly count: number
  /** Where a row leads to. */
  open?(at: number): void
  /** Told now and then which rows are in sight. */
  onRange?(from: number, to: number): void
}

const headRem = 2.5
/** Above and below what is in sight. */
const overscanPx = 200
/** Browsers draw nothing beyond some 33 million pixels. */
const rowsMax = 700_000
/** A list that rests this long has its rows in their order in the page too, for those who hear it. */
const restMs = 200
/** Rows that fly by faster are not told of. */
const rangeMs = 80

/** A table of any length: only rows in sight are in the page. */
export function VirtualRows<Data>(props: VirtualRowsProps<Data>): VNode {
  const { label, columns, layout, open } = props
  const count = Math.min(props.count, rowsMax)
  const scroller = useRef<HTMLElement>(null)
  const sight = useSight(scroller, count)
  const blocks = useBlocks(scroller, sight)
  useRange(sight, count, props.onRange)
  const [active, setActive] = useState(-1)
  const move = (to: number) => {
    const at = Math.max(0, Math.min(count - 1, to))
    setActive(at)
    bringIntoSight(scroller.current, at)
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
      <table
        class={layout}
        aria-label={label}
        aria-rowcount={count + 1}
        style={{ height: `calc(${count * rowPx}px + ${headRem}rem)` }}
      >
        <thead>
          <tr class="row row-head" aria-rowindex={1}>
            {columns.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        {blocks.map((block, place) => (
          // A place keeps its elements and is given other rows.
          <Block key={String(place)} block={block} active={active} {...props} count={count} />
        ))}
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

/** Blocks from `first` to `end`, which is not included. */
type Sight = { readonly first: number; readonly end: number }

function useSight(scroller: { readonly current: HTMLElement | null }, count: number): Sight {
  const [sight, setSight] = useState<Sight>({ first: 0, end: 1 })
  useLayoutEffect(() => {
    const element = scroller.current
    if (element === null) return
    const look = () => {
      const found = sightOf(element, count)
      setSight((so) => (so.first === found.first && so.end === found.end ? so : found))
    }
    look()
    const resizing = new ResizeObserver(look)
    resizing.observe(element)
    element.addEventListener('scroll', look, { passive: true })
    return () => {
      resizing.disconnect()
      element.removeEventListener('scroll', look)
    }
  }, [count])
  return sight
}

function sightOf({ scrollTop, clientHeight }: HTMLElement, count: number): Sight {
  const blockPx = blockRows * rowPx
  const blocks = Math.ceil(count / blockRows)
  const first = Math.max(0, Math.floor((scrollTop - overscanPx) / blockPx))
  const end = Math.ceil((scrollTop + clientHeight + overscanPx) / blockPx)
  return { first: Math.min(first, Math.max(0, blocks - 1)), end: Math.min(blocks, end) }
}

/**
 * Which block each place shows, or -1. One that leaves at one end gives its place to one that comes at the
 * other, so that scrolling makes and moves no element; once it rests, the places are in order again.
 */
function useBlocks(
  scroller: { readonly current: HTMLElement | null },
  { first, end }: Sight,
): readonly number[] {
  const size = useRef(0)
  const origin = useRef(0)
  const [, redraw] = useState(0)
  // Never fewer: places that are not needed now are hidden.
  size.current = Math.max(size.current, end - first)
  useEffect(() => {
    const resting = setTimeout(() => {
      const { activeElement } = document
      const isInUse =
        activeElement !== scroller.current && scroller.current?.contains(activeElement)
      if (isInUse === true || origin.current === first) return
      origin.current = first
      redraw((round) => round + 1)
    }, restMs)
    return () => clearTimeout(resting)
  }, [first])
  const places = Array.from({ length: size.current }, () => -1)
  for (let at = first; at < end; at++) places[modulo(at - origin.current, size.current)] = at
  return places
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by
}

function useRange(
  { first, end }: Sight,
  count: number,
  onRange: ((from: number, to: number) => void) | undefined,
): void {
  const newest = useRef<() => void>(() => {})
  const waiting = useRef<ReturnType<typeof setTimeout>>(undefined)
  newest.current = () => {
    waiting.current = undefined
    const to = Math.min(count, end * blockRows)
    if (to > first * blockRows) onRange?.(first * blockRows, to)
  }
  useEffect(() => {
    waiting.current ??= setTimeout(() => newest.current(), rangeMs)
  }, [first, end, count])
  useEffect(() => () => clearTimeout(waiting.current), [])
}

function bringIntoSight(element: HTMLElement | null, at: number): void {
  if (element === null) return
  const headPx = element.querySelector('thead')?.offsetHeight ?? 0
  const top = at * rowPx
  const bottom = top + rowPx + headPx
  if (top < element.scrollTop) element.scrollTop = top
  else if (bottom > element.scrollTop + element.clientHeight) {
    element.scrollTop = bottom - element.clientHeight
  }
}
