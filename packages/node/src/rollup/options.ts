/** Knobs of the rollup. None changes what a log or a result says. */
export type RollupOptions = {
  /** Pause between two looks at what is new, ms. */
  readonly everyMs: number
  /** Slots that are rolled up at once where so many wait; fewer wait until they are `ageMs` old. */
  readonly slotsMin: number
  readonly ageMs: number
  /** Slots and bytes of one rollup; a single larger slot goes alone. */
  readonly slotsMax: number
  readonly bytesMax: number
  /** Items assigned by id go along up to this size. */
  readonly besideBytesMax: number
  /** Rollups and bytes of one look: what is left waits for the next one. */
  readonly lookRollups: number
  readonly lookBytes: number
  /** Slots without results wait this long for them, ms, and are rolled up without then. */
  readonly unevaluatedMs: number
  /** A process's newest checkpoint is kept each time so many slots more are rolled up. */
  readonly checkpointSlots: number
  /** Largest bundle taken in a recovery. */
  readonly bundleBytesMax: number
}

const mebibyte = 1024 * 1024

export const rollupDefaults: RollupOptions = {
  everyMs: 3_000,
  slotsMin: 64,
  ageMs: 15_000,
  slotsMax: 512,
  bytesMax: mebibyte,
  besideBytesMax: 8 * mebibyte,
  lookRollups: 16,
  lookBytes: 8 * mebibyte,
  unevaluatedMs: 60_000,
  checkpointSlots: 5_000,
  // What the gateway keeps as one record of its journal.
  bundleBytesMax: 16 * mebibyte,
}
