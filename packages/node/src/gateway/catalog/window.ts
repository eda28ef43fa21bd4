import type { StatementSync } from 'node:sqlite'
import type { Catalog } from './catalog.ts'
import { type Place, pendingHeight } from './location.ts'
import type { Term } from './terms.ts'

/** At most `limit` places after `after` (all from the start without), in order, none left out. */
export type Window = {
  /** Lists of the index that are merged: each is read as far as one alone would be. */
  readonly lists: number
  read(after: Place | undefined, limit: number): Place[]
}

/** Both ends included; an end that is undefined is open. */
export type Range = { readonly min?: number | undefined; readonly max?: number | undefined }

type Bounds = { readonly heights: Range; readonly ascending: boolean }

const lowest: Place = { height: -1, seq: -1 }
const highest: Place = { height: Number.MAX_SAFE_INTEGER, seq: Number.MAX_SAFE_INTEGER }

/** Places of one term's list, several merged, or, without terms, of every item. */
export function postingsWindow(
  catalog: Catalog,
  terms: readonly Term[] | undefined,
  bounds: Bounds,
): Window {
  const statement = catalog.statement(windowSql(terms !== undefined, bounds.ascending))
  const [min, max] = heightBounds(bounds.heights)
  const read = (after: Place | undefined, limit: number): Place[] => {
    const from = after ?? (bounds.ascending ? lowest : highest)
    const list = (key: Uint8Array[]) =>
      places(statement, key, [from.height, from.seq, min, max, limit])
    if (terms === undefined) return list([])
    const [only, ...others] = terms
    if (only === undefined) return []
    if (others.length === 0) return list([only])
    return merge(
      terms.flatMap((term) => list([term])),
      bounds.ascending,
    ).slice(0, limit)
  }
  return { lists: terms?.length ?? 1, read }
}

/** Places of the items named by id. */
export function idsWindow(catalog: Catalog, ids: readonly Uint8Array[], bounds: Bounds): Window {
  const [min, max] = heightBounds(bounds.heights)
  const found = ids.flatMap((id) => catalog.find(id) ?? [])
  const all = merge(found, bounds.ascending).filter(({ height }) => height >= min && height <= max)
  const read = (after: Place | undefined, limit: number) => {
    const order = comparison(bounds.ascending)
    const rest = after === undefined ? all : all.filter((place) => order(place, after) > 0)
    return rest.slice(0, limit)
  }
  return { lists: 1, read }
}

/** An item that waits for its block is in no range of heights. */
function heightBounds({ min, max }: Range): [min: number, max: number] {
  if (min === undefined && max === undefined) return [0, pendingHeight]
  return [min ?? 0, Math.min(max ?? pendingHeight - 1, pendingHeight - 1)]
}

function windowSql(byTerm: boolean, ascending: boolean): string {
  const [relation, direction] = ascending ? ['>', 'ASC'] : ['<', 'DESC']
  const from = byTerm ? 'posting WHERE term = ? AND' : 'item WHERE'
  return (
    `SELECT height, seq FROM ${from} (height, seq) ${relation} (?, ?) ` +
    `AND height BETWEEN ? AND ? ORDER BY height ${direction}, seq ${direction} LIMIT ?`
  )
}

function places(statement: StatementSync, key: Uint8Array[], bounds: number[]): Place[] {
  return statement
    .all(...key, ...bounds)
    .map((row) => ({ height: row.height as number, seq: row.seq as number }))
}

function comparison(ascending: boolean): (a: Place, b: Place) => number {
  const sign = ascending ? 1 : -1
  return (a, b) => sign * (a.height - b.height || a.seq - b.seq)
}

/** In order, each place once. */
function merge(all: readonly Place[], ascending: boolean): Place[] {
  const bySeq = new Map(all.map((place) => [place.seq, place]))
  return [...bySeq.values()].sort(comparison(ascending))
}
