import type { TagTable } from './wire.ts'

/** As much of a message as matching needs to know; other fields are looked up by name. */
export type Matched = {
  readonly from: string
  readonly action: string | undefined
  readonly tags: TagTable
  readonly data: string
}

/** What one field must be: this text, one of these, like this, such that, or (true) just there. */
type FieldPattern =
  | string
  | number
  | bigint
  | boolean
  | RegExp
  | readonly FieldPattern[]
  | ((value: string | undefined) => boolean)

/**
 * A text is an Action; a function decides; an object must match in every field. Fields are those of
 * a message, any other name is a tag.
 */
export type Matcher =
  | string
  | ((message: Matched) => boolean)
  | { readonly tags?: Patterns; readonly [field: string]: FieldPattern | Patterns | undefined }

type Patterns = { readonly [name: string]: FieldPattern }

/** Checks a matcher once, so that a wrong one fails where it is written. */
export function compileMatcher(matcher: Matcher): (message: Matched) => boolean {
  if (typeof matcher === 'string') return (message) => message.action === matcher
  if (typeof matcher === 'function') return (message) => Boolean(matcher(message))
  if (typeof matcher !== 'object' || matcher === null) {
    throw new TypeError('a matcher is an Action, a function, or an object of fields and tags')
  }
  const { tags = {}, ...rest } = matcher
  const fields: [string, FieldPattern][] = Object.entries(rest as Patterns)
  const tagFields: [string, FieldPattern][] = Object.entries(tags as Patterns)
  return (message) =>
    fields.every(([name, pattern]) => matchesField(readField(message, name), pattern)) &&
    tagFields.every(([name, pattern]) => matchesField(message.tags[name], pattern))
}

const messageFields: ReadonlySet<string> = new Set([
  'id',
  'from',
  'owner',
  'target',
  'action',
  'data',
  'timestamp',
  'blockHeight',
  'slot',
  'cron',
  'reference',
])

function readField(message: Matched, name: string): unknown {
  if (messageFields.has(name)) return Reflect.get(message, name)
  // aos writes its fields with a capital: From, Owner, Data. They are tags only where sent as such.
  const own = name.charAt(0).toLowerCase() + name.slice(1)
  return message.tags[name] ?? (messageFields.has(own) ? Reflect.get(message, own) : undefined)
}

function matchesField(value: unknown, pattern: FieldPattern): boolean {
  if (pattern === true) return value !== undefined && value !== false
  if (pattern === false) return value === undefined || value === false
  const text = value === undefined ? undefined : String(value)
  if (typeof pattern === 'function') return Boolean(pattern(text))
  if (pattern instanceof RegExp) return text !== undefined && new RegExp(pattern).test(text)
  if (Array.isArray(pattern)) return pattern.some((each) => matchesField(value, each))
  return text !== undefined && text === String(pattern)
}
