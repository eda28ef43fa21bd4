import { toHex } from '@heddle/protocol/base'
import { isExpired } from '@heddle/protocol/certificate'
import { type Held, heldOf, isComplete, laterExpiry, readTerms } from './held.ts'
import { recordKinds } from './record.ts'
import type { Place } from './segment-file.ts'
import type { FoundRecord } from './segments.ts'

/** What a storer holds, by commitment and epoch. In memory; rebuilt from the segment files. */
export class RowIndex {
  readonly #held = new Map<string, Held[]>()
  blobs = 0
  rows = 0

  of(commitment: Uint8Array): readonly Held[] {
    return this.#held.get(toHex(commitment)) ?? []
  }

  ofEpoch(commitment: Uint8Array, epoch: number): Held | undefined {
    return this.of(commitment).find(({ fields }) => fields.epoch === epoch)
  }

  add(held: Held): void {
    const name = toHex(held.fields.commitment)
    this.#held.set(name, [...(this.#held.get(name) ?? []), held])
    this.blobs++
  }

  /** A row found on the disk: each that is served by its place counts its bytes, and gives them back. */
  addFound(held: Held, row: number, place: Place): void {
    place.segment.liveBytes += place.bytes
    this.addRow(held, row, place)
  }

  /** A copy that was there is let go: this one came since it was damaged, or at the same moment. */
  addRow(held: Held, row: number, place: Place): void {
    const before = held.rows.get(row)
    if (before === undefined) this.rows++
    else before.segment.liveBytes -= before.bytes
    held.rows.set(row, place)
  }

  /** Lets go what has expired, and what stayed incomplete. */
  expire(nowSeconds: number): void {
    for (const [name, all] of this.#held) {
      const kept = all.filter((held) => !isOver(held, nowSeconds))
      if (kept.length === all.length) continue
      for (const held of all) if (!kept.includes(held)) this.#release(held)
      if (kept.length === 0) this.#held.delete(name)
      else this.#held.set(name, kept)
    }
  }

  /** Later terms: the blob is kept for longer, or they are there for some that are damaged. */
  extend(held: Held, place: Place, expiresAtSeconds: number): void {
    held.extensions.push(place)
    held.keptUntilSeconds = laterExpiry(held.keptUntilSeconds, expiresAtSeconds)
  }

  #release({ terms, extensions, rows }: Held): void {
    for (const { segment, bytes } of [terms, ...extensions, ...rows.values()])
      segment.liveBytes -= bytes
    this.blobs--
    this.rows -= rows.size
  }
}

function isOver(held: Held, nowSeconds: number): boolean {
  if (isExpired(held.keptUntilSeconds, nowSeconds)) return true
  return !isComplete(held) && held.incompleteUntilSeconds <= nowSeconds
}

/**
 * Builds the index from the records of the files. Rows whose terms are lost or damaged are let go, which
 * `onDamage` hears: a repair brings them back.
 */
export async function rebuildIndex(
  found: readonly FoundRecord[],
  incompleteUntilSeconds: number,
  onDamage: (commitment: Uint8Array) => void,
): Promise<RowIndex> {
  const index = new RowIndex()
  const ofKind = (wanted: number) => found.filter(({ head }) => head.kind === wanted)
  for (const { head, place } of ofKind(recordKinds.terms)) {
    const terms = await readTerms(head, place)
    if (terms === undefined) {
      onDamage(head.commitment)
      continue
    }
    const { fields, assigned } = terms
    const before = index.ofEpoch(fields.commitment, fields.epoch)
    place.segment.liveBytes += place.bytes
    if (before === undefined) {
      index.add(heldOf(fields, assigned, place, incompleteUntilSeconds))
    } else {
      index.extend(before, place, fields.expiresAtSeconds)
    }
  }
  for (const { head, place } of ofKind(recordKinds.row)) {
    for (const held of ownersOf(index, head)) {
      // Of two copies, which two requests may bring at once, the first counts.
      if (!held.rows.has(head.row)) index.addFound(held, head.row, place)
    }
  }
  const again = new Set<Place>()
  for (const { head, place } of ofKind(recordKinds.rowAgain)) {
    again.add(place)
    for (const held of ownersOf(index, head)) {
      const before = held.rows.get(head.row)
      // Files have no order among them: of several later copies one that is whole counts.
      const isBetter = before !== undefined && again.has(before)
      if (isBetter && (await before.segment.isWhole(before))) continue
      index.addFound(held, head.row, place)
    }
  }
  return index
}

/** One place may serve several epochs. */
function ownersOf(index: RowIndex, { commitment, row }: FoundRecord['head']): readonly Held[] {
  return index.of(commitment).filter(({ assigned }) => assigned.includes(row))
}
