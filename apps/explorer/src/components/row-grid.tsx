import type { RowHolder } from '../api/blob-sampling.ts'

export type RowState = 'there' | 'missing'

type RowGridProps = {
  readonly holders: readonly RowHolder[]
  readonly states: ReadonlyMap<number, RowState>
}

/** A cell for each row, with the storer that is to hold it. */
export function RowGrid({ holders, states }: RowGridProps) {
  return (
    <>
      <ol class="grid" aria-label="Rows and their storers">
        {holders.map(({ row, storer, signed }) => {
          const state = states.get(row)
          const words = [signed ? 'signed for' : 'not signed for', state].filter(Boolean)
          const label = `row ${row}, storer ${storer}: ${words.join(', ')}`
          return (
            <li
              key={row}
              class={`cell ${signed ? 'cell-signed' : ''} ${state === undefined ? '' : `cell-${state}`}`}
              title={label}
            >
              <span aria-hidden="true">{storer}</span>
              <span class="said">{label}</span>
            </li>
          )
        })}
      </ol>
      <p class="pad quiet">
        Each cell is a row; its number is the storer’s place in the set. Filled: the storer signed
        for it. Ringed: sampled and right.
      </p>
    </>
  )
}
