import { encodeText } from '../base/index.ts'
import type { Tag } from '../item/index.ts'
import type { OutgoingAssignment, OutgoingMessage, OutgoingSpawn, Result } from './entry.ts'

/** Bounds of what one evaluation may give; beyond them the message fails. Same for every node. */
export const resultLimits = {
  /** UTF-16 units of the module's reply. */
  replyLength: 12 * 1024 * 1024,
  /** UTF-8 bytes of a result as JSON: with a record's head below the journal's 16 MiB. */
  jsonBytes: 15 * 1024 * 1024,
  /** Messages, spawns and processes that something is assigned to, of one result, together. */
  emissions: 10_000,
} as const

/**
 * AO's modules end an output so when an allocation failed half way: the memory is not to be kept.
 */
const outOfMemory = 'not enough memory for buffer allocation'

/** A result that says why a message failed. Nothing it emitted counts: its state never was. */
export function errorResult(error: string, output: unknown = '', gasUsed = 0): Result {
  const nothing = { Messages: [], Spawns: [], Assignments: [] }
  return { Error: error, ...nothing, Output: output, GasUsed: gasUsed }
}

/**
 * Reads what a module's `handle` returned (`{ok, response}`, ABI JSON-1) into the one shape every
 * client gets. Total: whatever the text is, a result comes back, with `Error` set where the message
 * failed, and then memory has to be as before the message (ao-protocol §4.1 rule 4).
 */
export function readReply(text: string): Result {
  if (text.length > resultLimits.replyLength) {
    const size = `${text.length} characters, and ${resultLimits.replyLength} are the most`
    return errorResult(`the result is too large: ${size}. Emit less in one message.`)
  }
  const reply = parseObject(text)
  if (reply === undefined) return errorResult('the module did not return a JSON object')
  const response = reply.response
  if (reply.ok !== true) return errorResult(errorText(response) ?? 'the module gave no reason')
  if (!isObject(response)) return errorResult('the module returned ok without a response')
  return readResponse(response)
}

/**
 * A result as JSON text, as `write` writes it. One that is too large to keep becomes the result of a
 * failed message; `failed` tells whether the message failed, one way or the other.
 */
export function writeResult(
  result: Result,
  write: (result: Result) => string = JSON.stringify,
): { readonly json: string; readonly failed: boolean } {
  const json = write(result)
  // Measured only where it could matter: a unit is at most three bytes.
  const mayExceed = json.length * 3 > resultLimits.jsonBytes
  if (mayExceed && encodeText(json).length > resultLimits.jsonBytes) {
    const error = `the result takes more than ${resultLimits.jsonBytes} bytes: emit less at once`
    return { json: write(errorResult(error)), failed: true }
  }
  return { json, failed: result.Error !== undefined }
}

function readResponse(response: Fields): Result {
  const output = response.Output ?? ''
  const error = errorText(response.Error) ?? memoryError(output)
  const gasUsed = readGas(response.GasUsed)
  if (error !== undefined) return errorResult(error, output, gasUsed)
  const messages = list(response.Messages).map(readMessage)
  const spawns = list(response.Spawns).map(readSpawn)
  const assignments = list(response.Assignments).map(readAssignmentRequest)
  const assigned = assignments.reduce(
    (sum, { Processes }) => sum + Math.max(1, Processes.length),
    0,
  )
  const emissions = messages.length + spawns.length + assigned
  if (emissions > resultLimits.emissions) {
    return errorResult(`one message emitted ${emissions}; ${resultLimits.emissions} are the most`)
  }
  // In the order of canonical JSON, here and below: what is in order is written without a copy.
  return {
    Assignments: assignments,
    GasUsed: gasUsed,
    Messages: messages,
    Output: output,
    Spawns: spawns,
  }
}

type Fields = Readonly<Record<string, unknown>>

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parseObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Objects of a list. Lua's JSON writes an empty table as `{}` or `[]`: both are an empty list. */
function list(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

/** What a module calls an error, as text; undefined for what stands for none. */
function errorText(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '' || value === false) return undefined
  return text(value)
}

function memoryError(output: unknown): string | undefined {
  const shown = isObject(output) ? output.data : output
  return typeof shown === 'string' && shown.endsWith(outOfMemory) ? shown : undefined
}

function text(value: unknown): string {
  if (typeof value === 'string') return value
  return value === undefined || value === null ? '' : JSON.stringify(value)
}

/** Unknown fields stay: clients of custom modules read them. */
function readMessage(fields: Fields): OutgoingMessage {
  return { ...fields, ...readCommon(fields), Target: text(fields.Target) }
}

function readSpawn(fields: Fields): OutgoingSpawn {
  return { ...fields, ...readCommon(fields) }
}

function readCommon(fields: Fields) {
  const data = fields.Data
  return {
    Anchor: text(fields.Anchor),
    Data: data === undefined || data === null ? undefined : text(data),
    Tags: list(fields.Tags).map(readTag),
  }
}

function readTag(fields: Fields): Tag {
  return { name: text(fields.name), value: text(fields.value) }
}

function readAssignmentRequest(fields: Fields): OutgoingAssignment {
  const names = (value: unknown) => (Array.isArray(value) ? value.map(text) : [])
  const exclude = fields.Exclude
  return {
    Processes: names(fields.Processes),
    Message: text(fields.Message),
    ...(fields.BaseLayer ? { BaseLayer: true } : {}),
    ...(exclude === undefined || exclude === null ? {} : { Exclude: names(exclude) }),
  }
}

function readGas(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : 0
}
