import type { Provenance, ProvenanceItem, ProvenanceLink } from '@heddle/sdk'

/** A place of the picture: column 0 is what everything else rests on; rows may be fractions. */
export type Place = { readonly column: number; readonly row: number }

export type PlacedItem = ProvenanceItem & Place

/** A link and the places it passes between its ends, so that it crosses no box. */
export type RoutedLink = ProvenanceLink & { readonly path: readonly Place[] }

export type Lineage = {
  readonly items: readonly PlacedItem[]
  readonly links: readonly RoutedLink[]
  readonly columns: number
  readonly rows: number
}

/** Rounds in which neighbours are drawn nearer to each other. */
const sortRounds = 6
/** Room a passing line takes, in rows. */
const passingRows = 0.35

/** Something in a column: an item, or a line that passes by. */
type Stop = { readonly key: string; readonly rows: number }

/**
 * Puts grounds left of what came of them: an item stands one column right of its rightmost ground
 * (layers and passing stops after Sugiyama). A link that would close a ring goes straight.
 */
export function layOut({ items, links }: Provenance): Lineage {
  const column = columnsOf(items, links)
  const columnOf = (id: string) => column.get(id) ?? 0
  const columns = Math.max(0, ...column.values()) + 1
  const stacks: Stop[][] = Array.from({ length: columns }, () => [])
  for (const { id } of items) stacks[columnOf(id)]?.push({ key: id, rows: 1 })
  const chains = links.map((link) => {
    const chain = [link.ground]
    for (let at = columnOf(link.ground) + 1; at < columnOf(link.child); at++) {
      const key = `${link.child} ${link.ground} ${at}`
      stacks[at]?.push({ key, rows: passingRows })
      chain.push(key)
    }
    return [...chain, link.child]
  })
  sortStacks(stacks, chains)
  const { places, rows } = placeStacks(stacks)
  const placeOf = (key: string): Place => places.get(key) ?? { column: 0, row: 0 }
  return {
    items: items.map((item) => ({ ...item, ...placeOf(item.id) })),
    links: links.map((link, at) => ({ ...link, path: (chains[at] ?? []).map(placeOf) })),
    columns,
    rows,
  }
}

function columnsOf(
  items: readonly ProvenanceItem[],
  links: readonly ProvenanceLink[],
): Map<string, number> {
  const grounds = new Map<string, string[]>()
  for (const { child, ground } of links) {
    grounds.set(child, [...(grounds.get(child) ?? []), ground])
  }
  const column = new Map<string, number>()
  const open = new Set<string>()
  const place = (id: string): number => {
    const known = column.get(id)
    if (known !== undefined) return known
    // A ring: what it comes back to counts as nothing.
    if (open.has(id)) return -1
    open.add(id)
    const at = Math.max(-1, ...(grounds.get(id) ?? []).map(place)) + 1
    open.delete(id)
    column.set(id, at)
    return at
  }
  for (const { id } of items) place(id)
  return column
}

/** Orders each column by the mean place of its neighbours, to and fro, so that few lines cross. */
function sortStacks(stacks: readonly Stop[][], chains: readonly string[][]): void {
  const neighbours = new Map<string, string[]>()
  const join = (from: string, to: string) => {
    neighbours.set(from, [...(neighbours.get(from) ?? []), to])
  }
  for (const chain of chains) {
    for (const [at, key] of chain.slice(1).entries()) {
      join(key, chain[at] ?? key)
      join(chain[at] ?? key, key)
    }
  }
  const height = new Map<string, number>()
  const note = (stack: readonly Stop[]) => {
    const middle = sumOf(stack) / 2
    let top = 0
    for (const { key, rows } of stack) {
      height.set(key, top + rows / 2 - middle)
      top += rows
    }
  }
  for (const stack of stacks) note(stack)
  const wanted = (key: string): number => {
    const near = (neighbours.get(key) ?? []).map((other) => height.get(other) ?? 0)
    return near.length === 0 ? 0 : near.reduce((sum, one) => sum + one, 0) / near.length
  }
  for (let round = 0; round < sortRounds; round++) {
    for (const stack of round % 2 === 0 ? stacks : stacks.toReversed()) {
      const means = new Map(stack.map(({ key }) => [key, wanted(key)]))
      stack.sort((a, b) => (means.get(a.key) ?? 0) - (means.get(b.key) ?? 0))
      note(stack)
    }
  }
}

/** Each column is centred against the tallest; a place's row is that of its middle. */
function placeStacks(stacks: readonly Stop[][]) {
  const rows = Math.max(1, ...stacks.map(sumOf))
  const places = new Map<string, Place>()
  for (const [column, stack] of stacks.entries()) {
    let top = (rows - sumOf(stack)) / 2
    for (const stop of stack) {
      places.set(stop.key, { column, row: top + stop.rows / 2 })
      top += stop.rows
    }
  }
  return { places, rows }
}

function sumOf(stack: readonly Stop[]): number {
  return stack.reduce((sum, { rows }) => sum + rows, 0)
}
