import { optionInvalid } from './errors.ts'

export type MessengerOptions = {
  /** Largest item taken or pushed, bytes. AO's units take 10 MiB. */
  readonly itemBytesMax: number
  /** Posts a caller may make in a minute; 0 is no limit. */
  readonly postsPerMinute: number
  /** The same for callers on this machine. */
  readonly postsPerMinuteLoopback: number
  /** Posts being answered at one time; more are refused with 503. */
  readonly postsInFlightMax: number
  /** Undelivered letters on the disk; beyond it nothing is read from the outbox, and posts get 503. */
  readonly pendingMax: number
  /** Letters in memory at which reading the outbox pauses. */
  readonly freshMax: number
  /** The same in bytes. */
  readonly freshBytesMax: number
  /** Deliveries at one time to processes of this node. */
  readonly parallelLocal: number
  /** Deliveries at one time to anywhere else. */
  readonly parallelRemote: number
  /** Wait before the second attempt; doubles up to `retryCapMs`. */
  readonly retryBaseMs: number
  readonly retryCapMs: number
  /** A letter is dead after this long AND `attemptsMin` attempts, so downtime of ours kills none. */
  readonly giveUpAfterMs: number
  readonly attemptsMin: number
  readonly requestTimeoutMs: number
  /** Largest reply read from another node, bytes. */
  readonly replyBytesMax: number
  readonly redirectsMax: number
  /** A node that failed is left alone this long, then twice that, up to the cap; one call then probes. */
  readonly nodePauseMs: number
  readonly nodePauseCapMs: number
  /** How long a process's place is remembered; an announcement's Time-To-Live is cut to the maximum. */
  readonly placeTtlMs: number
  readonly placeTtlMaxMs: number
  readonly placesMax: number
  /** Missed ticks made good per interval after downtime. */
  readonly cronCatchUpMax: number
  /** `Cron-Interval` tags a process may have. */
  readonly cronIntervalsMax: number
  /** How long progress may stay in memory; a crash re-sends that much. */
  readonly commitDelayMs: number
  /** Wait before all starts over from the state file after a write to it failed. */
  readonly stateRetryMs: number
  /** How long `close` waits for deliveries under way. */
  readonly closeGraceMs: number
}

const minuteMs = 60_000
const hourMs = 60 * minuteMs

export const messengerDefaults: MessengerOptions = {
  itemBytesMax: 10 * 1024 * 1024,
  postsPerMinute: 6000,
  postsPerMinuteLoopback: 0,
  postsInFlightMax: 1024,
  pendingMax: 1_000_000,
  freshMax: 4096,
  freshBytesMax: 64 * 1024 * 1024,
  parallelLocal: 256,
  parallelRemote: 64,
  retryBaseMs: 500,
  retryCapMs: minuteMs,
  giveUpAfterMs: 24 * hourMs,
  attemptsMin: 20,
  requestTimeoutMs: 10_000,
  replyBytesMax: 1024 * 1024,
  redirectsMax: 5,
  nodePauseMs: 250,
  nodePauseCapMs: 5000,
  placeTtlMs: minuteMs,
  placeTtlMaxMs: 24 * hourMs,
  placesMax: 10_000,
  cronCatchUpMax: 100,
  cronIntervalsMax: 16,
  commitDelayMs: 500,
  stateRetryMs: 5000,
  closeGraceMs: 2000,
}

/** Zero means "none" or "no limit" for these; every other option must be at least 1. */
const mayBeZero = new Set<string>([
  'postsPerMinute',
  'postsPerMinuteLoopback',
  'redirectsMax',
  'commitDelayMs',
  'closeGraceMs',
  'giveUpAfterMs',
])

/** Fills in the defaults. Throws `option-invalid` for what is not a whole number in range. */
export function resolveOptions(given: Partial<MessengerOptions>): MessengerOptions {
  const options: MessengerOptions = { ...messengerDefaults, ...given }
  for (const [name, value] of Object.entries(options)) {
    const least = mayBeZero.has(name) ? 0 : 1
    if (!Number.isSafeInteger(value) || value < least) throw optionInvalid(name, value, least)
  }
  return options
}
