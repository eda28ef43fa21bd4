import { journalOptionsInvalid } from './errors.ts'

const mebibyte = 1024 * 1024

/** What was cut off at open, for the operator's log. */
export type Repair = {
  readonly path: string
  /** The file ends here now. */
  readonly offset: number
  readonly droppedBytes: number
}

export type JournalOptions = {
  /** A segment file that would grow beyond this is followed by a new one. At most 2 GiB. */
  readonly segmentBytes: number
  /** Largest record taken. */
  readonly recordBytes: number
  /** Largest sum of the records of one append, with 20 bytes for each and its log's name. */
  readonly appendBytes: number
  /** Appends beyond this much waiting for the disk are refused. */
  readonly pendingBytes: number
  /** No further append joins a commit that has reached this size. */
  readonly groupBytes: number
  /** A read stops before its records exceed this; one record always comes. */
  readonly readBytes: number
  /** Longest name of a log in UTF-8. At most 65,535. */
  readonly nameBytes: number
  /** Segment files held open for reading. */
  readonly openSegments: number
  /** Told of a torn tail cut off at open: what was never acknowledged. */
  readonly onRepair: (repair: Repair) => void
}

const journalDefaults: JournalOptions = {
  segmentBytes: 256 * mebibyte,
  recordBytes: 16 * mebibyte,
  appendBytes: 32 * mebibyte,
  pendingBytes: 64 * mebibyte,
  groupBytes: 8 * mebibyte,
  readBytes: 64 * mebibyte,
  nameBytes: 255,
  openSegments: 64,
  onRepair: () => {},
}

/** Joins given options with the defaults and checks their bounds and relations. */
export function journalOptions(given: Partial<JournalOptions>): JournalOptions {
  const options = { ...journalDefaults, ...given }
  for (const [name, value] of Object.entries(options)) {
    if (typeof value === 'number' && !(Number.isInteger(value) && value > 0)) {
      throw journalOptionsInvalid(`${name} must be a whole number above 0, not ${value}`)
    }
  }
  // Offsets within a segment are kept in 32 bits; a group may start just below the segment's limit.
  if (options.segmentBytes > 2048 * mebibyte) {
    throw journalOptionsInvalid('segmentBytes must be at most 2 GiB')
  }
  if (options.pendingBytes > 1024 * mebibyte) {
    throw journalOptionsInvalid('pendingBytes must be at most 1 GiB')
  }
  if (options.recordBytes > options.appendBytes || options.appendBytes > options.pendingBytes) {
    throw journalOptionsInvalid('recordBytes ≤ appendBytes ≤ pendingBytes must hold')
  }
  if (options.nameBytes > 0xffff) throw journalOptionsInvalid('nameBytes must be at most 65,535')
  return options
}
