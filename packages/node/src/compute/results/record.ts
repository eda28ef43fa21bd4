import { decodeBase64Url, decodeText, encodeBase64Url, encodeText } from '@heddle/protocol/base'
import type { Result } from '@heddle/protocol/message'
import { recordInvalid } from '../errors.ts'
import type { Evaluation } from '../face.ts'

/**
 * One evaluated slot in the results journal, little-endian:
 * u8 version 1 · u8 flags · f64 timestampMs · f64 blockHeight · 32 bytes message id ·
 * u8 length and text of the cron interval · result as JSON, UTF-8.
 * The head alone tells what replay and cron listings need, without parsing the result.
 */
const version = 1
const failedFlag = 1
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
}

export function encodeRecord(head: RecordHead, resultJson: string): Uint8Array {
  const cron = encodeText(head.cron ?? '').subarray(0, cronBytesMax)
  const result = encodeText(resultJson)
  const record = new Uint8Array(headBytes + cron.length + result.length)
  const view = new DataView(record.buffer)
  record[0] = version
  record[1] = head.failed ? failedFlag : 0
  view.setFloat64(2, head.timestampMs, true)
  view.setFloat64(10, head.blockHeight, true)
  record.set(decodeBase64Url(head.messageId) ?? new Uint8Array(idBytes), 18)
  record[18 + idBytes] = cron.length
  record.set(cron, headBytes)
  record.set(result, headBytes + cron.length)
  return record
}

/** Throws `result-record-invalid` where the bytes are no record of a known version. */
export function decodeHead(record: Uint8Array): RecordHead & { readonly resultAt: number } {
  if (record.length < headBytes) throw recordInvalid(`${record.length} bytes are too few`)
  if (record[0] !== version) throw recordInvalid(`unknown version ${record[0]}`)
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength)
  const resultAt = headBytes + (record[18 + idBytes] ?? 0)
  if (resultAt > record.length) throw recordInvalid('it ends within its head')
  const cron = decodeText(record.subarray(headBytes, resultAt))
  return {
    messageId: encodeBase64Url(record.subarray(18, 18 + idBytes)),
    timestampMs: view.getFloat64(2, true),
    blockHeight: view.getFloat64(10, true),
    failed: ((record[1] ?? 0) & failedFlag) !== 0,
    ...(cron === '' ? {} : { cron }),
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
