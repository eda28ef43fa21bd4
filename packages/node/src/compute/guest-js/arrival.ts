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
  const { at, ends } = writeTexts(exports, [...texts, ...tags])
  const strings = ends.map((end, i) => {
    const from = ends[i - 1] ?? 0
    const value = exports.qjs_new_string(at + from, end - from)
    if (value === 0 || exports.qjs_is_exception(value) !== 0) throw tooLarge()
    return value
  })
  exports.wasm_free(at)
  const stated = numbers.map((each) => exports.qjs_new_number(each))
  const values = [...strings.slice(0, texts.length), ...stated, ...strings.slice(texts.length)]
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
function writeTexts({ memory, wasm_malloc }: Engine['exports'], given: readonly string[]) {
  const isPlain = isOneByteEach(given.join(''))
  // Halves of pairs at the borders of texts would join to other characters.
  const texts = isPlain ? given : given.map((text) => text.toWellFormed())
  const joined = texts.join('')
  const byteLength = isPlain ? joined.length : Buffer.byteLength(joined)
  const at = wasm_malloc(byteLength + 1)
  if (at === 0) throw tooLarge()
  encoder.encodeInto(joined, new Uint8Array(memory.buffer, at, byteLength))
  let end = 0
  const ends = texts.map((text) => {
    end += isPlain ? text.length : Buffer.byteLength(text)
    return end
  })
  return { at, ends }
}

/** So it is nearly always, and lengths need no counting. */
function isOneByteEach(text: string): boolean {
  return Buffer.byteLength(text) === text.length
}

function tooLarge(): Error {
  return guestFault('out of memory: the message does not fit the Memory-Limit')
}
