import { resultTooDeep } from './errors.ts'

/** Levels of lists and objects in a result. Same for every node: beyond it the message fails. */
export const resultDepthMax = 256

type Fields = Readonly<Record<string, unknown>>

/**
 * The one text of a JSON value: no white space, members of objects in rising order of their names'
 * UTF-16 units, strings and numbers as ECMAScript's JSON.stringify writes them (RFC 8785, and a
 * lone surrogate as its `\u` escape). Members that are undefined are left out; what JSON has no
 * number for is null, as in every journal. Throws `result-too-deep`.
 */
export function canonicalJson(value: unknown): string {
  const ordered = inOrder(value, resultDepthMax)
  // The engine's own writer is the faster one by far, and objects keep the order they are made in.
  return ordered === noOrder ? write(value, resultDepthMax) : (JSON.stringify(ordered) ?? 'null')
}

/** Stands for a value whose members no JavaScript object can hold in canonical order. */
const noOrder = Symbol('no order')

/** The same value with members in order; what is in order already is not copied. */
function inOrder(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (depth === 0) throw resultTooDeep(resultDepthMax)
  return Array.isArray(value)
    ? listInOrder(value, depth - 1)
    : objectInOrder(value as Fields, depth - 1)
}

function listInOrder(list: readonly unknown[], depth: number): unknown {
  let ordered: unknown[] | undefined
  for (let i = 0; i < list.length; i++) {
    const item = list[i]
    if (typeof item !== 'object') continue
    const moved = inOrder(item, depth)
    if (moved === noOrder) return noOrder
    if (moved === item) continue
    ordered ??= [...list]
    ordered[i] = moved
  }
  return ordered ?? list
}

function objectInOrder(fields: Fields, depth: number): unknown {
  const names = Object.keys(fields)
  const isSorted = areRising(names)
  if (!isSorted) {
    if (names.some(hasPlaceOfItsOwn)) return noOrder
    names.sort()
  }
  let ordered: Record<string, unknown> | undefined = isSorted ? undefined : {}
  for (const name of names) {
    const member = fields[name]
    const moved = inOrder(member, depth)
    if (moved === noOrder) return noOrder
    if (moved !== member && ordered === undefined) ordered = { ...fields }
    if (ordered !== undefined) ordered[name] = moved
  }
  return ordered ?? fields
}

function areRising(names: readonly string[]): boolean {
  for (let i = 1; i < names.length; i++) {
    if ((names[i - 1] ?? '') >= (names[i] ?? '')) return false
  }
  return true
}

/** Numbers come first in every object, and this one name is not a member where it is assigned. */
function hasPlaceOfItsOwn(name: string): boolean {
  return /^\d/.test(name) || name === '__proto__'
}

function write(value: unknown, depth: number): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : 'null'
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  if (typeof value !== 'object' || value === null) return 'null'
  if (depth === 0) throw resultTooDeep(resultDepthMax)
  return Array.isArray(value)
    ? writeList(value, depth - 1)
    : writeObject(value as Fields, depth - 1)
}

function writeList(list: readonly unknown[], depth: number): string {
  let text = '['
  for (let i = 0; i < list.length; i++) {
    if (i > 0) text += ','
    text += write(list[i], depth)
  }
  return `${text}]`
}

function writeObject(fields: Fields, depth: number): string {
  let text = ''
  for (const name of Object.keys(fields).sort()) {
    const value = fields[name]
    if (value === undefined) continue
    text += `${text === '' ? '{' : ','}${JSON.stringify(name)}:${write(value, depth)}`
  }
  return text === '' ? '{}' : `${text}}`
}
