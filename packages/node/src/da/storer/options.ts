/** What a storer offers and bears. */
export type StorerOptions = {
  /** Bytes of segment files at most. */
  readonly capacityBytes: number
  /** Blobs at most: each takes some 2 KB of memory, however short it is. */
  readonly blobsMax: number
  /** A segment file is followed by the next when it has so many bytes; below 4 GiB. */
  readonly segmentBytes: number
  /** Bytes of requests being checked, from one peer and from all. */
  readonly inFlightBytesPerPeer: number
  readonly inFlightBytesMax: number
  /** The longest retention it signs for; `permanent` is signed where `keepsForEver`. */
  readonly retentionSecondsMax: number
  readonly keepsForEver: boolean
  /** Rows of a blob it could not sign for are let go after this time. */
  readonly incompleteSeconds: number
  /** Commitments kept open for rows that come in several requests. */
  readonly openCommitmentsMax: number
  /** How often expired blobs are looked for. */
  readonly expiryMs: number
}

export const storerDefaults: StorerOptions = {
  capacityBytes: 64 * 2 ** 30,
  blobsMax: 1_000_000,
  segmentBytes: 256 * 2 ** 20,
  inFlightBytesPerPeer: 128 * 2 ** 20,
  inFlightBytesMax: 256 * 2 ** 20,
  retentionSecondsMax: 10 * 366 * 86_400,
  keepsForEver: true,
  incompleteSeconds: 600,
  openCommitmentsMax: 8,
  expiryMs: 10_000,
}
