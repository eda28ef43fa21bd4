import {
  decodeBase64Url,
  encodeText,
  errorMessage,
  isHeddleError,
  isId,
} from '@heddle/protocol/base'
import { canonicalJson, digestResultText } from '@heddle/protocol/digest'
import {
  errorResult,
  type Result,
  readReply,
  resultLimits,
  writeResult,
} from '@heddle/protocol/message'
import { nodeCrypto } from '../../runtime/index.ts'
import type { Guest, GuestContext, WrittenResult } from '../guest/ports.ts'
import type { WorkMessage } from './protocol.ts'

/** `entered`: the guest ran, so its memory may have changed. */
export type GuestRun = {
  readonly json: string
  readonly failed: boolean
  readonly digest: Uint8Array
  readonly entered: boolean
  readonly gasUsed: number
}

/** `mayRestart`: see `GuestContext`; then it may throw `guest-must-suspend`. */
type RunOptions = Required<Pick<GuestContext, 'mayRestart'>>

/**
 * One call of `handle`, read into a result. What the guest does wrong is a failed message; what
 * this
 * machine cannot do (`unavailable`, `internal`) is thrown, as nothing follows from it for the
 * message.
 */
export function runGuest(
  guest: Guest,
  message: WorkMessage,
  environment: string,
  options: RunOptions,
): GuestRun {
  try {
    const context = { ...contextOf(message), ...options }
    const written = guest.write?.(message.json, environment, context)
    if (written !== undefined) return ofWritten(written, guest)
    const reply = guest.handle(message.json, environment, context)
    const result = withReceipts(metered(readReply(reply), guest), guest)
    return { ...digested(result), entered: true, gasUsed: gasOf(result) }
  } catch (error) {
    if (!isGuestsFault(error)) throw error
    const gasUsed = guest.gasUsed?.() ?? 0
    const result = digested(errorResult(errorMessage(error), '', gasUsed))
    return { ...result, entered: !isHeddleError(error, 'guest-message-too-large'), gasUsed }
  }
}

function ofWritten({ json, failed }: WrittenResult, guest: Guest): GuestRun {
  const gasUsed = guest.gasUsed?.() ?? 0
  // A unit is at most three bytes: nearly all are known to be small enough.
  const mayExceed = json.length * 3 > resultLimits.jsonBytes
  const result = mayExceed
    ? digested(JSON.parse(json))
    : { json, failed, digest: digestResultText(json, nodeCrypto) }
  return { ...result, entered: true, gasUsed }
}

/** Where gas is counted, the count goes before what the module says. */
function metered(result: Result, guest: Guest): Result {
  const gasUsed = guest.gasUsed?.()
  return gasUsed === undefined ? result : { ...result, GasUsed: gasUsed }
}

/** A failed message never was, nor were its calls. */
function withReceipts(result: Result, guest: Guest): Result {
  const receipts = guest.receipts?.() ?? []
  if (receipts.length === 0 || result.Error !== undefined) return result
  return { ...result, Receipts: receipts }
}

/** A module may write there what it likes. */
function gasOf({ GasUsed }: Result): number {
  return typeof GasUsed === 'number' && Number.isFinite(GasUsed) && GasUsed > 0 ? GasUsed : 0
}

/** Throws `result-too-deep` before anything recurses without bounds. */
function digested(result: Result): Omit<GuestRun, 'entered' | 'gasUsed'> {
  const { json, failed } = writeResult(result, canonicalJson)
  return { json, failed, digest: digestResultText(json, nodeCrypto) }
}

function isGuestsFault(error: unknown): boolean {
  return isHeddleError(error) && (error.kind === 'invalid' || error.kind === 'exhausted')
}

/** The seed is the message id; a dry-run may name its message as it likes. */
function contextOf(message: WorkMessage): GuestContext {
  const named = isId(message.id) ? decodeBase64Url(message.id) : undefined
  const seed = named ?? nodeCrypto.sha256(encodeText(message.id))
  return { timestampMs: message.timestampMs, seed, slot: message.slot }
}
