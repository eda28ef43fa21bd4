/** Limits of the bulk lane; each bounds what one peer can cost. */
export type BulkOptions = {
  /** Longest meta part of a frame, bytes. */
  readonly metaBytesMax: number
  /** Longest body of a frame, bytes. */
  readonly bodyBytesMax: number
  /** Bytes of frames taken in and not answered yet, on one connection and on all. */
  readonly inFlightBytesPerConnection: number
  readonly inFlightBytesMax: number
  /** Memory of bodies a server keeps to use again, bytes. */
  readonly keptBytesMax: number
  /** Requests being answered at once, on one connection and on all; more wait in the socket. */
  readonly requestsPerConnection: number
  readonly requestsMax: number
  readonly connectionsMax: number
  /** Connecting and proving keys takes no longer. */
  readonly handshakeTimeoutMs: number
  /** A frame that was begun, or the next MiB of it, has come within this time, or the connection ends. */
  readonly stallTimeoutMs: number
  /** A connection without requests is closed after this time. */
  readonly idleTimeoutMs: number
  /** An answer that takes longer is given up. */
  readonly callTimeoutMs: number
  /** Pause after the first failed connection; it doubles up to the longest. */
  readonly backoffMs: number
  readonly backoffMsMax: number
}

const mebibyte = 1024 * 1024

export const bulkDefaults: BulkOptions = {
  metaBytesMax: mebibyte,
  bodyBytesMax: 64 * mebibyte,
  inFlightBytesPerConnection: 128 * mebibyte,
  inFlightBytesMax: 512 * mebibyte,
  keptBytesMax: 64 * mebibyte,
  requestsPerConnection: 16,
  requestsMax: 256,
  connectionsMax: 1024,
  handshakeTimeoutMs: 5000,
  stallTimeoutMs: 10_000,
  idleTimeoutMs: 60_000,
  callTimeoutMs: 60_000,
  backoffMs: 100,
  backoffMsMax: 10_000,
}
