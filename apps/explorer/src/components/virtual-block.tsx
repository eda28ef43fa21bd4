import type { ComponentChildren, VNode } from 'preact'
import { useMemo, useRef } from 'preact/hooks'

export const rowPx = 44
/** Rows are made, moved and reused so many together. */
export const blockRows = 8

/** What the rows of a table are made of. */
export type RowSource<Data> = {
  readonly columns: readonly string[]
  /** What a row shows, or undefined while it is not here. The same object is the same row. */
  row(at: number): Data | undefined
  cells(data: Data): readonly ComponentChildren[]
  /** Changes when cells do though their data did not. */
  readonly version?: unknown
}

type BlockProps<Data> = RowSource<Data> & {
  readonly count: number
  /** Below 0: nothing is shown in this place. */
  readonly block: number
  readonly active: number
}

const offsets = Array.from({ length: blockRows }, (_, at) => at)

/** What a block was drawn from, and what came of it. */
type Drawn<Data> = {
  readonly block: number
  readonly rows: number
  readonly active: number
  readonly version: unknown
  readonly data: readonly (Data | undefined)[]
  readonly children: ComponentChildren
  readonly node: VNode
}

/** Drawn anew only where something of it changed: most blocks stay as they are from frame to frame. */
export function Block<Data>({
  block,
  active,
  count,
  columns,
  row,
  cells,
  version,
}: BlockProps<Data>) {
  const drawn = useRef<Drawn<Data>>(undefined)
  const last = drawn.current
  const from = block * blockRows
  const rows = block < 0 ? 0 : Math.max(0, Math.min(blockRows, count - from))
  const own = active >= from && active < from + rows ? active - from : -1
  const data = offsets.map((at) => (at < rows ? row(from + at) : undefined))
  const isSame =
    last?.block === block &&
    last.rows === rows &&
    last.active === own &&
    last.version === version &&
    data.every((one, at) => one === last.data[at])
  if (isSame) return last.node
  // One of which nothing is here yet is its ground alone, over the rows it showed before: while rows fly by
  // faster than they come, no cell is made, measured or painted.
  const isBlank = rows > 0 && data.every((one) => one === undefined)
  const children = isBlank
    ? (last?.children ?? null)
    : offsets.map((offset) => (
        <Row
          key={offset}
          at={offset < rows ? from + offset : -1}
          data={data[offset]}
          cells={cells}
          columns={columns}
          isActive={offset === own}
          version={version}
        />
      ))
  const node = (
    <tbody
      class={isBlank ? 'rows-blank' : ''}
      hidden={block < 0}
      style={{
        transform: `translateY(${from * rowPx}px)`,
        height: isBlank ? `${rows * rowPx}px` : 'auto',
      }}
    >
      {children}
    </tbody>
  )
  drawn.current = { block, rows, active: own, version, data, children, node }
  return node
}

type RowProps<Data> = Pick<RowSource<Data>, 'cells' | 'columns' | 'version'> & {
  readonly at: number
  readonly data: Data | undefined
  readonly isActive: boolean
}

function Row<Data>({ at, data, cells, columns, isActive, version }: RowProps<Data>) {
  const inner = useMemo(() => {
    const shown = data === undefined ? undefined : cells(data)
    return columns.map((name, column) => (
      <td key={name}>{shown === undefined ? <i class="loading-bar" /> : shown[column]}</td>
    ))
  }, [data, version])
  return (
    <tr class={isActive ? 'row row-active' : 'row'} hidden={at < 0} aria-rowindex={at + 2}>
      {inner}
    </tr>
  )
}
