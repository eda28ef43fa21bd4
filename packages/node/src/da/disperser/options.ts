import { availableParallelism } from 'node:os'

/** How a disperser works; sizes in bytes. */
export type DisperserOptions = {
  /** Threads that encode. */
  readonly encoders: number
  /** The longest blob; rows of it are in memory until all storers have them. */
  readonly blobBytesMax: number
  /** Blobs up to so many bytes are coded with k = 16: fewer, longer rows. */
  readonly smallBlobBytes: number
  /** Bytes of encoded rows in memory at once; more blobs wait in line. */
  readonly inFlightBytesMax: number
  /** Bytes of blobs that may wait in line; more are refused. */
  readonly waitingBytesMax: number
  /** Bytes of rows in one request to a storer. */
  readonly requestBytes: number
  /** A storer that has not signed after this, and so much for each MiB of its rows, has failed. */
  readonly storerTimeoutMs: number
  readonly storerTimeoutMsPerMiB: number
  /** Blobs below this are packed together … */
  readonly packBytes: number
  /** … until there are so many bytes, or the first has waited so long. */
  readonly batchBytes: number
  readonly batchMs: number
  /** Program of an encoder thread. */
  readonly workerUrl: URL
}

const mebibyte = 2 ** 20

export const disperserDefaults: DisperserOptions = {
  encoders: Math.max(1, Math.min(8, availableParallelism() - 1)),
  blobBytesMax: 256 * mebibyte,
  smallBlobBytes: 2 * mebibyte,
  inFlightBytesMax: 1024 * mebibyte,
  waitingBytesMax: 1024 * mebibyte,
  requestBytes: 16 * mebibyte,
  storerTimeoutMs: 5_000,
  storerTimeoutMsPerMiB: 1_000,
  packBytes: 256 * 1024,
  batchBytes: mebibyte,
  batchMs: 50,
  workerUrl: new URL(`encoder-thread${ownExtension()}`, import.meta.url),
}

/** The program of a thread lies beside this file: as source while developing, built otherwise. */
function ownExtension(): string {
  return import.meta.url.endsWith('.ts') ? '.ts' : '.js'
}
