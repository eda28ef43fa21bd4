import { layoutsOf } from './layout.ts'
import type { TagTable } from './wire.ts'

/**
 * What all messages of a kind have in common: the names of their tags, and the values of those that seldom
 * differ. A message brings only its other values, so what comes with every message is read once.
 */
export type Kind = {
  readonly action: string | undefined
  /** By tag, in their order. */
  readonly names: readonly string[]
  /** By tag: the value of the kind, or undefined where each message has its own. */
  readonly values: readonly (string | undefined)[]
  /** By tag: where a message has its own value. */
  readonly places: readonly number[]
  /** Tags that count, as of repeated names the first does. */
  readonly first: readonly number[]
  /** It has one of the tags that tell where a reply goes. */
  readonly isRouted: boolean
  /** Where a message has their values; 0 where it has none. */
  readonly replyTo: number
  readonly reference: number
  readonly askedReference: number
  readonly origin: number
  /** See `keepLayout`; made with the first table. */
  layouts: readonly object[] | undefined
}

/** A message as the host gives it, its tags apart: their values follow behind. */
export type Given = [
  kind: Kind,
  id: string,
  from: string,
  /** Undefined: who it is from. */
  owner: string | undefined,
  /** Undefined: this process. */
  target: string | undefined,
  data: string,
  timestamp: number,
  blockHeight: number,
  slot: number,
  flags: number,
  /** Made when asked for. */
  table: TagTable | undefined,
  ...values: string[],
]

const firstValueAt = 11
const tableAt = 10

/** Bits of `flags`. */
export const isCron = 1
export const isReadOnly = 2

/** Tags whose value is the kind's. Part of the module's format, as all of `Given`: the host reads it here. */
export const namesOfKinds: ReadonlySet<string> = new Set([
  'Data-Protocol',
  'Variant',
  'Type',
  'Action',
  'action',
  'SDK',
])

/** Kinds that are remembered, and how long their texts may be: senders choose both. */
const maxKinds = 64
const maxKindChars = 600
/** Longer tables are not worth what keeping their layouts costs. */
const maxLayoutFields = 24

const kinds = new Map<string, Kind>()
/** The last one again, which costs less to find. */
let lastText: string | undefined
let lastKind: Kind | undefined

/** The kind that a text states: a separator that is in none of them, names, and values where they are the kind's. */
export function kindOf(text: string): Kind {
  if (text === lastText && lastKind !== undefined) return lastKind
  const kind = kinds.get(text) ?? addKind(text)
  if (text.length > maxKindChars) return kind
  lastText = text
  lastKind = kind
  return kind
}

function addKind(text: string): Kind {
  const kind = readKind(text === '' ? [] : text.slice(1).split(text.charAt(0)))
  if (text.length > maxKindChars) return kind
  if (kinds.size >= maxKinds) kinds.clear()
  kinds.set(text, kind)
  return kind
}

function readKind(texts: readonly string[]): Kind {
  const names: string[] = []
  const values: (string | undefined)[] = []
  const places: number[] = []
  const first: number[] = []
  const found = new Map<string, number>()
  let place = firstValueAt
  for (let i = 0; i < texts.length; i++) {
    const name = texts[i] as string
    const tag = names.length
    if (!found.has(name)) {
      found.set(name, tag)
      first.push(tag)
    }
    names.push(name)
    const isKinds = namesOfKinds.has(name)
    if (isKinds) i += 1
    values.push(isKinds ? texts[i] : undefined)
    places.push(isKinds ? 0 : place)
    if (!isKinds) place += 1
  }
  const ownOf = (name: string) => values[found.get(name) ?? -1]
  const placeOf = (name: string) => places[found.get(name) ?? -1] ?? 0
  const replyTo = placeOf('Reply-To')
  const reference = placeOf('Reference')
  const askedReference = placeOf('X-Reference')
  const origin = placeOf('X-Origin')
  return {
    action: ownOf('Action') ?? ownOf('action'),
    names,
    values,
    places,
    first,
    isRouted: replyTo + reference + askedReference + origin > 0,
    replyTo,
    reference,
    askedReference,
    origin,
    layouts: undefined,
  }
}

/** A message's own value at a place of its kind. */
export function valueAt(given: Given, place: number): string | undefined {
  return place === 0 ? undefined : (given[place] as string)
}

/** The value of a tag by its number. */
export function valueOfTag(given: Given, tag: number): string {
  const { values, places } = given[0]
  return values[tag] ?? (given[places[tag] as number] as string)
}

/** Tags by name; without inherited names, so that `tags.constructor` is what was sent or undefined. */
export function tableOf(given: Given): TagTable {
  const known = given[tableAt]
  if (known !== undefined) return known
  const kind = given[0]
  const { names, values, places, first } = kind
  if (kind.layouts === undefined && first.length <= maxLayoutFields)
    kind.layouts = layoutsOf(
      null,
      first.map((tag) => names[tag] as string),
    )
  const table: TagTable = Object.create(null)
  for (let i = 0; i < first.length; i++) {
    const tag = first[i] as number
    table[names[tag] as string] = values[tag] ?? (given[places[tag] as number] as string)
  }
  given[tableAt] = table
  return table
}
