/** Where two JSON values differ first, in canonical order. */
export type Difference = {
  /** As in source: `Messages[2].Tags[0].value`. */
  readonly field: string
  readonly claimed: unknown
  readonly found: unknown
}

type Fields = Readonly<Record<string, unknown>>

/** The first difference, or undefined where the canonical texts are the same. */
export function firstDifference(
  claimed: unknown,
  found: unknown,
  field = 'Result',
): Difference | undefined {
  if (Array.isArray(claimed) && Array.isArray(found)) return inLists(claimed, found, field)
  if (isObject(claimed) && isObject(found)) return inObjects(claimed, found, field)
  return jsonValue(claimed) === jsonValue(found) ? undefined : { field, claimed, found }
}

function inLists(claimed: readonly unknown[], found: readonly unknown[], field: string) {
  const length = Math.max(claimed.length, found.length)
  for (let i = 0; i < length; i++) {
    const place = `${field}[${i}]`
    if (i >= claimed.length || i >= found.length) {
      return { field: place, claimed: claimed[i], found: found[i] }
    }
    const difference = firstDifference(claimed[i], found[i], place)
    if (difference !== undefined) return difference
  }
  return undefined
}

function inObjects(claimed: Fields, found: Fields, field: string): Difference | undefined {
  const names = new Set([...Object.keys(claimed), ...Object.keys(found)])
  for (const name of [...names].sort()) {
    const difference = inMember(own(claimed, name), own(found, name), `${field}.${name}`)
    if (difference !== undefined) return difference
  }
  return undefined
}

/** A member that is absent is not one that is null. */
function inMember(claimed: unknown, found: unknown, field: string): Difference | undefined {
  const oneIsAbsent = (claimed === undefined) !== (found === undefined)
  return oneIsAbsent ? { field, claimed, found } : firstDifference(claimed, found, field)
}

function own(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** As the journal would have it: no number for what JSON has none for, no negative zero. */
function jsonValue(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : null
  return value ?? null
}
