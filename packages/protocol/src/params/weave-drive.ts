/**
 * Reads of a weave drive (`/data`, `/tx`, `/tx2`, `/block`): what every node agrees on, as it decides
 * what a message may read and what that costs. Gas is in units of `gas-2`.
 */
export const weaveDrive = {
  /** Value of an `Extension` tag of the process or its module. */
  extension: 'WeaveDrive',
  /** Files one message may open. */
  opensMax: 256,
  /** Opening: the signature is checked and the log is searched. */
  openGas: 1_000_000,
  /** A file is given in windows of this size, each beginning at a multiple of it. */
  windowBytes: 2 ** 20,
  /** Windows one message may fetch, the first of a file not counted. */
  windowsMax: 16_384,
  /** Fetching one: its bytes are checked. What is copied is paid by `bulkBytesPerGas` on top. */
  windowGas: 1_000_000,
  /** Attestations of one log that count; later ones do not. */
  attestationsMax: 65_536,
} as const
