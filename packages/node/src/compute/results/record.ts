import { decodeBase64Url, decodeText, encodeBase64Url, encodeText } from '@heddle/protocol/base'
import { type Decider, digestBytes } from '@heddle/protocol/digest'
import type { Result } from '@heddle/protocol/message'
import { recordInvalid } from '../errors.ts'
import type { Evaluation } from '../face.ts'

/**
 * One evaluated slot in the results journal, little-endian:
 * u8 version 2 · u8 flags · f64 timestampMs · f64 blockHeight · 32 bytes message id ·
 * u8 length and text of the cron interval · 32 bytes result chain · result as JSON, UTF-8.
 * The head alone tells what replay and cron listings need, without parsing the result.
 * Version 1, which is still read, has no result chain.
 */
const version = 2
const versionWithoutChain = 1
const failedFlag = 1
const byUnitFlag = 2
const idBytes = 32
const headBytes = 2 + 8 + 8 + idBytes + 1
const cronBytesMax = 255

/** What a record says beside its result. */
export type RecordHead = {
  readonly messageId: string
  readonly timestampMs: number
  readonly blockHeight: number
  readonly cron?: string | undefined
  /** Whether the result has an `Error`: the message left no trace in memory. */
  readonly failed: boolean
  readonly decidedBy: Decider
  /** The chain up to this slot and with it; absent from records of version 1. */
  readonly resultChain?: Uint8Array | undefined
}

export function encodeRecord(
  head: RecordHead & { readonly resultChain: Uint8Array },
  resultJson: string,
): Uint8Array {
  const cron = encodeText(head.cron ?? '').subarray(0, cronBytesMax)
  const result = encodeText(resultJson)
  const chainAt = headBytes + cron.length
  const record = new Uint8Array(chainAt + digestBytes + result.length)
  const view = new DataView(record.buffer)
  record[0] = version
  record[1] = (head.failed ? failedFlag : 0) | (head.decidedBy === 'unit' ? byUnitFlag : 0)
  view.setFloat64(2, head.timestampMs, true)
  view.setFloat64(10, head.blockHeight, true)
  record.set(decodeBase64Url(head.messageId) ?? new Uint8Array(idBytes), 18)
  record[18 + idBytes] = cron.length
  record.set(cron, headBytes)
  record.set(head.resultChain, chainAt)
  record.set(result, chainAt + digestBytes)
  return record
}

/** Throws `result-record-invalid` where the bytes are no record of a known version. */
export function decodeHead(record: Uint8Array): RecordHead & { readonly resultAt: number } {
  if (record.length < headBytes) throw recordInvalid(`${record.length} bytes are too few`)
  const hasChain = record[0] === version
  if (!hasChain && record[0] !== versionWithoutChain) {
    throw recordInvalid(`unknown version ${record[0]}`)
  }
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength)
  const chainAt = headBytes + (record[18 + idBytes] ?? 0)
  const resultAt = chainAt + (hasChain ? digestBytes : 0)
  if (resultAt > record.length) throw recordInvalid('it ends within its head')
  const cron = decodeText(record.subarray(headBytes, chainAt))
  const flags = record[1] ?? 0
  return {
    messageId: encodeBase64Url(record.subarray(18, 18 + idBytes)),
    timestampMs: view.getFloat64(2, true),
    blockHeight: view.getFloat64(10, true),
    failed: (flags & failedFlag) !== 0,
    decidedBy: (flags & byUnitFlag) === 0 ? 'module' : 'unit',
    ...(cron === '' ? {} : { cron }),
    ...(hasChain ? { resultChain: record.slice(chainAt, resultAt) } : {}),
    resultAt,
  }
}

/** The evaluation a record holds. Throws `result-record-invalid`. */
export function decodeEvaluation(processId: string, slot: number, record: Uint8Array): Evaluation {
  const { messageId, timestampMs, blockHeight, cron, resultAt } = decodeHead(record)
  const result = parseResult(record.subarray(resultAt))
  return {
    processId,
    slot,
    messageId,
    timestampMs,
    blockHeight,
    ...(cron === undefined ? {} : { cron }),
    result,
  }
}

function parseResult(bytes: Uint8Array): Result {
  try {
    return JSON.parse(decodeText(bytes)) as Result
  } catch {
    throw recordInvalid('its result is no JSON')
  }
}
