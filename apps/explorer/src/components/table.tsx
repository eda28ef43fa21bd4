import type { ComponentChildren } from 'preact'

/** A column by its heading; numbers stand right. */
export type Column = string | { readonly number: string }

type TableProps = {
  /** What is in it, for those who cannot see it. */
  readonly label: string
  readonly columns: readonly Column[]
  /** Columns that narrow screens leave out, counted from 1: what they say is on the page of the row too. */
  readonly hideNarrow?: readonly number[]
  /** Rows. */
  readonly children: ComponentChildren
}

/** A table of few rows, which scrolls sideways where it does not fit. Long ones are `VirtualRows`. */
export function Table({ label, columns, hideNarrow = [], children }: TableProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
    <section class="table-scroll" tabIndex={0} aria-label={label}>
      <table class={['table', ...hideNarrow.map((at) => `hide-${at}`)].join(' ')}>
        <thead>
          <tr>
            {columns.map((column) => {
              const isText = typeof column === 'string'
              const name = isText ? column : column.number
              return (
                <th key={name} scope="col" class={isText ? '' : 'number'}>
                  {name}
                </th>
              )
            })}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  )
}

type MoreProps = { readonly isLoading: boolean; onMore(): void }

/** Below a list that goes on. */
export function More({ isLoading, onMore }: MoreProps) {
  return (
    <p class="more">
      <button type="button" class="button" disabled={isLoading} onClick={onMore}>
        {isLoading ? 'Loading …' : 'Show more'}
      </button>
    </p>
  )
}
