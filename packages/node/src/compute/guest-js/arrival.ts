import { guestFault } from '../guest/errors.ts'
import type { Engine } from './engine.ts'
import type { ValueAddress } from './world.ts'

/** Bits of the flags that `begin` of the prelude takes. */
const isCron = 1
const isReadOnly = 2

type Given = {
  readonly Id?: unknown
  readonly From?: unknown
  readonly Owner?: unknown
  readonly Target?: unknown
  readonly Data?: unknown
  readonly Tags?: unknown
  readonly Timestamp?: unknown
  readonly 'Block-Height'?: unknown
  readonly Nonce?: unknown
  readonly Cron?: unknown
  readonly 'Read-Only'?: unknown
}

/** What `begin` takes: texts, then numbers, then texts. */
export type Arrival = {
  readonly texts: readonly string[]
  readonly numbers: readonly number[]
  readonly tags: readonly string[]
}

/** Reads a message of the JSON-1 ABI into what the prelude takes. Total for any JSON object. */
export function readArrival(messageJson: string, environment: string, seed: string): Arrival {
  const given: Given = JSON.parse(messageJson)
  const tags: string[] = []
  const list: unknown = given.Tags
  if (Array.isArray(list)) {
    for (const tag of list) tags.push(text(tag?.name), text(tag?.value))
  }
  const flags = (given.Cron === true ? isCron : 0) | (given['Read-Only'] === true ? isReadOnly : 0)
  return {
    texts: [
      environment,
      seed,
      text(given.Id),
      text(given.From),
      text(given.Owner),
      text(given.Target),
      text(given.Data),
    ],
    numbers: [number(given.Timestamp), number(given['Block-Height']), number(given.Nonce), flags],
    tags,
  }
}

function text(value: unknown): string {
  if (typeof value === 'string') return value
  return value === undefined || value === null ? '' : (JSON.stringify(value) ?? '')
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : 0
}

/**
 * Makes the engine's values of an arrival and calls `begin` with them, always in one and the same way: so
 * a restored instance allocates the very addresses the uninterrupted one does.
 */
export function callBegin(
  { exports }: Engine,
  begin: ValueAddress,
  self: ValueAddress,
  { texts, numbers, tags }: Arrival,
): ValueAddress {
  const values: ValueAddress[] = []
  const all = [...texts, ...tags]
  const { at, ends } = writeTexts(exports, all)
  for (let i = 0; i < all.length; i++) {
    if (i === texts.length) for (const each of numbers) values.push(exports.qjs_new_number(each))
    const from = i === 0 ? 0 : (ends[i - 1] ?? 0)
    const value = exports.qjs_new_string(at + from, (ends[i] ?? 0) - from)
    if (value === 0 || exports.qjs_is_exception(value) !== 0) throw tooLarge()
    values.push(value)
  }
  if (tags.length === 0) for (const each of numbers) values.push(exports.qjs_new_number(each))
  exports.wasm_free(at)
  const list = exports.wasm_malloc(4 * values.length)
  if (list === 0) throw tooLarge()
  new Uint32Array(exports.memory.buffer, list, values.length).set(values)
  const result = exports.qjs_call(begin, self, values.length, list)
  exports.wasm_free(list)
  for (const value of values) exports.qjs_free_value(value)
  return result
}

const encoder = new TextEncoder()

/** Copies texts in as UTF-8, one behind the other; tells where each ends. */
function writeTexts({ memory, wasm_malloc }: Engine['exports'], texts: readonly string[]) {
  const joined = texts.join('')
  const byteLength = Buffer.byteLength(joined)
  const at = wasm_malloc(byteLength + 1)
  if (at === 0) throw tooLarge()
  const into = new Uint8Array(memory.buffer, at, byteLength)
  encoder.encodeInto(joined, into)
  // Where every character takes a byte, which is nearly always, lengths need no counting.
  const bytesOf =
    byteLength === joined.length
      ? (each: string) => each.length
      : (each: string) => Buffer.byteLength(each)
  let end = 0
  return { at, ends: texts.map((each) => (end += bytesOf(each))) }
}

function tooLarge(): Error {
  return guestFault('out of memory: the message does not fit the Memory-Limit')
}
