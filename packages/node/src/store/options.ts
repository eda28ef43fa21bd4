import { availableParallelism } from 'node:os'
import { storeOptionsInvalid } from './errors.ts'

const mebibyte = 1024 * 1024

export type StoreOptions = {
  /** A segment file that would grow beyond this is followed by a new one. */
  readonly segmentBytes: number
  /** Records that reach the disk in one write. */
  readonly groupBytes: number
  /** What was written without anybody waiting for it is made durable at the latest then. */
  readonly unsyncedBytes: number
  /** Bytes of chunks all uploads together hold in memory; more wait for their turn. */
  readonly uploadBytes: number
  /** Runs of neighbouring chunks one reader has under way; each is up to 1 MiB. */
  readonly readAhead: number
  /** Threads that hash what is large; 0: the event loop does. */
  readonly hashThreads: number
  /** Verified chunks kept in memory, so that small neighbours cost one read. */
  readonly cacheBytes: number
  /** Segment files held open for reading. */
  readonly openSegments: number
  /** Largest data set taken. */
  readonly dataBytes: number
  /** A segment is written anew without its dead records once they are this share of it. */
  readonly deadShare: number
  /**
   * Data that nobody ever held is forgotten when nothing came of it for so long: what a crash left between
   * the data and the promise. Longer than any upload that is still to be held takes, its copies included.
   */
  readonly unheldMs: number
  /** Time between two passes of the collector. */
  readonly collectEveryMs: number
  /** Chunks one audit may recall. */
  readonly auditChunks: number
}

const storeDefaults: StoreOptions = {
  segmentBytes: 256 * mebibyte,
  groupBytes: 8 * mebibyte,
  unsyncedBytes: 64 * mebibyte,
  uploadBytes: 32 * mebibyte,
  readAhead: 3,
  hashThreads: Math.min(4, Math.ceil(availableParallelism() / 2)),
  cacheBytes: 8 * mebibyte,
  openSegments: 64,
  dataBytes: 64 * 1024 * mebibyte,
  deadShare: 0.5,
  unheldMs: 7 * 24 * 60 * 60_000,
  collectEveryMs: 10 * 60_000,
  auditChunks: 10_000,
}

/** Joins given options with the defaults and checks them. Throws `store-options-invalid`. */
export function storeOptions(given: Partial<StoreOptions>): StoreOptions {
  const options = { ...storeDefaults, ...given }
  for (const [name, value] of Object.entries(options)) {
    const least = name === 'hashThreads' ? 0 : Number.MIN_VALUE
    if (!(value >= least)) throw storeOptionsInvalid(`${name} must be above 0, not ${value}`)
  }
  // Offsets within a segment are kept in 32 bits by readers of the format.
  if (options.segmentBytes > 2048 * mebibyte) {
    throw storeOptionsInvalid('segmentBytes must be at most 2 GiB')
  }
  if (options.deadShare > 1) throw storeOptionsInvalid('deadShare must be at most 1')
  return options
}
