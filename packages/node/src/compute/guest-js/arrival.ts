import { guestFault } from '../guest/errors.ts'
import type { EnvironmentFacts } from './budget.ts'
import type { Engine } from './engine.ts'
import { isCron, isReadOnly, namesOfKinds } from './prelude/kind.ts'
import { isException, putNumber } from './values.ts'
import type { ValueAddress } from './world.ts'

type Fields = {
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

/** What `begin` of the prelude takes, in order. */
export type Arrival = readonly (string | number | undefined)[]

/** Reads a message of the JSON-1 ABI into what the prelude takes (`Given`). Total for any JSON object. */
export function readArrival(messageJson: string, environment: EnvironmentFacts): Arrival {
  const fields: Fields = JSON.parse(messageJson)
  const from = text(fields.From)
  const owner = text(fields.Owner)
  const target = text(fields.Target)
  const flags =
    (fields.Cron === true ? isCron : 0) | (fields['Read-Only'] === true ? isReadOnly : 0)
  const kind: string[] = []
  const values: string[] = []
  const tags: unknown = fields.Tags
  if (Array.isArray(tags)) {
    for (const tag of tags) {
      const name = text(tag?.name)
      kind.push(name)
      const list = namesOfKinds.has(name) ? kind : values
      list.push(text(tag?.value))
    }
  }
  return [
    environment.digest,
    kindText(kind),
    text(fields.Id),
    from,
    owner === from ? undefined : owner,
    target === environment.processId ? undefined : target,
    text(fields.Data),
    number(fields.Timestamp),
    number(fields['Block-Height']),
    number(fields.Nonce),
    flags,
    undefined,
    ...values,
  ]
}

/** Begins with what separates: a character that is in none of the texts. */
function kindText(texts: readonly string[]): string {
  if (texts.length === 0) return ''
  let separator = '\u0000'
  while (texts.some((each) => each.includes(separator)))
    separator = String.fromCharCode(separator.charCodeAt(0) + 1)
  return separator + texts.join(separator)
}

function text(value: unknown): string {
  if (typeof value === 'string') return value
  return value === undefined || value === null ? '' : (JSON.stringify(value) ?? '')
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : 0
}

/** Bytes of a value and of its address. */
const valueBytes = 8
const addressBytes = 4

/**
 * Makes the engine's values of an arrival and calls `begin` with them, always in one and the same way: so
 * a restored instance allocates the very addresses the uninterrupted one does.
 */
export function callBegin(
  engine: Engine,
  begin: ValueAddress,
  absent: ValueAddress,
  arrival: Arrival,
): ValueAddress {
  const { exports, views } = engine
  const strings = makeStrings(engine, arrival)
  const count = arrival.length
  // Values of numbers first, as they must be aligned, then the list of addresses.
  const numbersAt = exports.wasm_malloc((valueBytes + addressBytes) * count)
  if (numbersAt === 0) throw tooLarge()
  const listAt = numbersAt + valueBytes * count
  const { words } = views()
  let taken = 0
  for (let i = 0; i < count; i++) {
    const given = arrival[i]
    const numberAt = numbersAt + valueBytes * i
    if (typeof given === 'number') putNumber(engine, numberAt, given)
    const string = typeof given === 'string' ? strings[taken++] : undefined
    words[listAt / addressBytes + i] = string ?? (typeof given === 'number' ? numberAt : absent)
  }
  const result = exports.qjs_call(begin, absent, count, listAt)
  exports.wasm_free(numbersAt)
  for (let i = 0; i < strings.length; i++) exports.qjs_free_value(strings[i] ?? 0)
  return result
}

/** The engine's values of the texts of an arrival, in order. */
function makeStrings(engine: Engine, arrival: Arrival): ValueAddress[] {
  const { exports } = engine
  const { at, ends } = writeTexts(engine, arrival)
  const strings: ValueAddress[] = []
  let from = 0
  for (let i = 0; i < ends.length; i++) {
    const end = ends[i] ?? 0
    const string = exports.qjs_new_string(at + from, end - from)
    if (string === 0 || isException(engine, string)) throw tooLarge()
    strings.push(string)
    from = end
  }
  exports.wasm_free(at)
  return strings
}

const encoder = new TextEncoder()

/** Copies the texts in as UTF-8, one behind the other; tells where each ends. */
function writeTexts({ exports, views }: Engine, arrival: Arrival) {
  let texts = arrival.filter((each) => typeof each === 'string')
  let joined = texts.join('')
  let byteLength = Buffer.byteLength(joined)
  // So it is nearly always, and lengths need no counting.
  const isPlain = byteLength === joined.length
  if (!isPlain) {
    // Halves of pairs at the borders of texts would join to other characters.
    texts = texts.map((text) => text.toWellFormed())
    joined = texts.join('')
    byteLength = Buffer.byteLength(joined)
  }
  const at = exports.wasm_malloc(byteLength + 1)
  if (at === 0) throw tooLarge()
  encoder.encodeInto(joined, views().bytes.subarray(at, at + byteLength))
  const ends: number[] = []
  let end = 0
  for (const text of texts) {
    end += isPlain ? text.length : Buffer.byteLength(text)
    ends.push(end)
  }
  return { at, ends }
}

function tooLarge(): Error {
  return guestFault('out of memory: the message does not fit the Memory-Limit')
}
