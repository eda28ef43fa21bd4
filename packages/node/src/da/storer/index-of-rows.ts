import { toHex } from '@heddle/protocol/base'
import { isExpired } from '@heddle/protocol/certificate'
import { type Held, heldOf, isComplete, laterExpiry, readTerms, termsBytesMax } from './held.ts'
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

  /** A second copy of a row, which two requests may bring at once, is let go. */
  addRow(held: Held, row: number, place: Place): void {
    if (held.rows.has(row)) {
      place.segment.liveBytes -= place.bytes
      return
    }
    held.rows.set(row, place)
    this.rows++
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

  /** Later terms: the blob is kept for longer. */
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

/** Builds the index from the records of the files. Rows whose terms are lost are let go. */
export async function rebuildIndex(
  found: readonly FoundRecord[],
  incompleteUntilSeconds: number,
): Promise<RowIndex> {
  const index = new RowIndex()
  const ofKind = (wanted: number) => found.filter(({ head }) => head.kind === wanted)
  for (const { place } of ofKind(recordKinds.terms)) {
    const bytes = new Uint8Array(Math.min(place.bytes, termsBytesMax))
    await place.segment.read(place, 0, bytes)
    const { fields, assigned } = readTerms(bytes)
    const before = index.ofEpoch(fields.commitment, fields.epoch)
    place.segment.liveBytes += place.bytes
    if (before === undefined) {
      index.add(heldOf(fields, assigned, place, incompleteUntilSeconds))
    } else {
      index.extend(before, place, fields.expiresAtSeconds)
    }
  }
  for (const { head, place } of ofKind(recordKinds.row)) {
    const owners = index.of(head.commitment).filter(({ assigned }) => assigned.includes(head.row))
    for (const held of owners) {
      // One place may serve several epochs: each counts its bytes, and gives them back by itself.
      place.segment.liveBytes += place.bytes
      index.addRow(held, head.row, place)
    }
  }
  return index
}
