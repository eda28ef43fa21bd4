import {
  type CommitmentEngine,
  hashRow,
  statementMessage,
  verifyHashedRow,
} from '@heddle/protocol/certificate'
import type { BlobHeader, HeaderFields } from '../wire/header.ts'
import type { PutRows, PutRowsReply, SentRow } from '../wire/put-rows.ts'
import type { EpochPromises } from './epoch-promises.ts'
import { rowRefused, storerBusy, storerFull, storerFullOfBlobs, termsRefused } from './errors.ts'
import {
  type Held,
  heldOf,
  isComplete,
  laterExpiry,
  readFingerprints,
  rowRecord,
  termsRecord,
} from './held.ts'
import type { RowIndex } from './index-of-rows.ts'
import { copied, OpenedCommitments } from './opened.ts'
import type { StorerOptions } from './options.ts'
import type { StorerDeps } from './ports.ts'
import { type NewRecord, recordKinds } from './record.ts'
import { lifeClass, type Segments } from './segments.ts'
import { assignedRows, checkRetention } from './terms.ts'

/** What the intake works on. */
type Stores = {
  readonly segments: Segments
  readonly index: RowIndex
  readonly promises: EpochPromises
}

/** Takes rows in: checks, makes durable, then signs. */
export class Intake {
  readonly #deps: StorerDeps
  readonly #options: StorerOptions
  readonly #segments: Segments
  readonly #index: RowIndex
  readonly #promises: EpochPromises
  readonly #opened: OpenedCommitments

  constructor(deps: StorerDeps, options: StorerOptions, { segments, index, promises }: Stores) {
    this.#deps = deps
    this.#options = options
    this.#segments = segments
    this.#index = index
    this.#promises = promises
    this.#opened = new OpenedCommitments(options.openCommitmentsMax)
  }

  /** The signature comes once all rows of the draw are held. Throws what the peer is to hear. */
  async put({ header, rows }: PutRows): Promise<PutRowsReply> {
    const { setId, epoch, expiresAtSeconds, committed } = header
    const fields: HeaderFields = { ...committed, setId, epoch, expiresAtSeconds }
    checkRetention(expiresAtSeconds, this.#nowSeconds(), this.#options)
    this.#promises.check(epoch, setId)
    const assigned = assignedRows(this.#deps.sets.at(epoch), fields, this.#deps.signer.key)
    const strange = rows.find(({ row }) => !assigned.includes(row))
    if (strange !== undefined) {
      throw termsRefused(`row ${strange.row} is not one that the draw gives to this storer.`)
    }
    const known = this.#index.ofEpoch(committed.commitment, epoch)
    if (known === undefined && this.#index.blobs >= this.#options.blobsMax) {
      throw storerFullOfBlobs(this.#options.blobsMax)
    }
    const missing = known === undefined ? rows : await rowsNotWhole(known, rows)
    const hasTerms =
      known !== undefined &&
      laterExpiry(known.keptUntilSeconds, expiresAtSeconds) === known.keptUntilSeconds &&
      // Read where nothing else is to be done: so a repair asks.
      (missing.length > 0 || (await readFingerprints(known)) !== undefined)
    const terms = hasTerms ? undefined : termsRecord(header, assigned)
    const records = hasTerms && missing.length === 0 ? [] : this.#checked(header, missing, known)
    const held = await this.#keep(header, assigned, terms, missing, records)
    if (!isComplete(held)) return { rowsHeld: held.rows.size, signature: undefined }
    this.#opened.forget(committed.commitment)
    await this.#promises.promise(epoch, setId)
    const { commitment } = committed
    const message = statementMessage({ commitment, setId, epoch, expiresAtSeconds })
    return { rowsHeld: held.rows.size, signature: this.#deps.signer.sign(message) }
  }

  /** Checks the header and each row, alone and at once; throws at the first fault. */
  #checked(header: BlobHeader, rows: readonly SentRow[], known: Held | undefined): NewRecord[] {
    const { committed } = header
    const engine = this.#engineFor(committed.parameters.hashId)
    const open = this.#opened.open(engine, committed)
    return rows.map(({ row, path, pieces }) => {
      const leaves = hashRow(engine, open, row, pieces)
      if (leaves === undefined) throw rowRefused(row, 'shape')
      const fault = verifyHashedRow(engine, open, row, pieces, path, leaves)
      if (fault !== undefined) throw rowRefused(row, fault)
      const kind = known?.rows.has(row) ? recordKinds.rowAgain : recordKinds.row
      return rowRecord(committed.commitment, row, path, leaves, pieces, kind)
    })
  }

  /** Makes terms and rows durable in one write, then known. */
  async #keep(
    header: BlobHeader,
    assigned: readonly number[],
    terms: NewRecord | undefined,
    rows: readonly SentRow[],
    rowRecords: readonly NewRecord[],
  ): Promise<Held> {
    const records = terms === undefined ? rowRecords : [terms, ...rowRecords]
    if (records.length === 0) return this.#noteTerms(header, assigned, undefined)
    this.#checkRoom(records)
    const life = lifeClass(header.expiresAtSeconds, this.#nowSeconds())
    const places = await this.#segments.append(life, records)
    const [first, ...rest] = places
    const rowPlaces = terms === undefined ? places : rest
    const held = this.#noteTerms(header, assigned, terms && first)
    rows.forEach(({ row }, i) => {
      const place = rowPlaces[i]
      if (place !== undefined) this.#index.addRow(held, row, place)
    })
    return held
  }

  /** Another request may have brought the terms meanwhile: then these are an extension. */
  #noteTerms(header: BlobHeader, assigned: readonly number[], place: Held['terms'] | undefined) {
    const { committed, setId, epoch, expiresAtSeconds } = header
    const known = this.#index.ofEpoch(committed.commitment, epoch)
    if (known !== undefined) {
      if (place !== undefined) this.#index.extend(known, place, expiresAtSeconds)
      return known
    }
    if (place === undefined) throw storerBusy()
    const { commitment, parameters, root } = committed
    const fields = { commitment, parameters, root, setId, epoch, expiresAtSeconds }
    const until = this.#nowSeconds() + this.#options.incompleteSeconds
    const held = heldOf(copied(fields), assigned, place, until)
    this.#index.add(held)
    return held
  }

  #checkRoom(records: readonly NewRecord[]): void {
    const needed = records.flatMap(({ body }) => body).reduce((sum, part) => sum + part.length, 0)
    const free = this.#options.capacityBytes - this.#segments.sizeBytes
    if (needed > free) throw storerFull(needed, free)
  }

  #engineFor(hashId: number): CommitmentEngine {
    const engine = this.#deps.engine(hashId)
    if (engine === undefined) throw termsRefused(`this storer has no hash ${hashId}.`)
    return engine
  }

  #nowSeconds(): number {
    return Math.floor(this.#deps.runtime.clock.nowMs() / 1000)
  }
}

/** Rows that are not held, or whose copy on the disk is damaged. */
async function rowsNotWhole(known: Held, rows: readonly SentRow[]): Promise<SentRow[]> {
  const found: SentRow[] = []
  for (const sent of rows) {
    const place = known.rows.get(sent.row)
    if (place === undefined || !(await place.segment.isWhole(place))) found.push(sent)
  }
  return found
}
