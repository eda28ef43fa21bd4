import { isId } from '@heddle/protocol/base'

/** One step of a path: `compute&slot=5` is name `compute`, arguments `[['slot', '5']]`. */
export type PathKey = {
  readonly name: string
  /** What follows a `=` right after the name: `results=5`. */
  readonly value: string | undefined
  readonly args: readonly (readonly [name: string, value: string])[]
}

export type MainnetPath = {
  readonly processId: string
  readonly keys: readonly PathKey[]
  /** The path as sent after the process, undecoded, by its slashes. */
  readonly raw: readonly string[]
}

/**
 * Reads HyperBEAM's path grammar: `/<process id>[~process@1.0]/<key>[=value][&name=value…]/…`.
 * Undefined where the first step is no process.
 */
export function parsePath(url: string): MainnetPath | undefined {
  const [first = '', ...raw] = (url.split('?')[0] ?? '').slice(1).split('/')
  const [processId = '', device, ...more] = decode(first).split('~')
  const known = isId(processId) && (device ?? 'process@1.0') === 'process@1.0' && more.length === 0
  if (!known) return undefined
  return { processId, keys: raw.map(parseKey), raw }
}

function parseKey(step: string): PathKey {
  const [head = '', ...rest] = step.split('&')
  const [name, value] = splitPair(head)
  return { name, value, args: parsePairs(rest.join('&')) }
}

/**
 * `name=value` pairs between `&`. Clients leave `&` in values as it is, so a piece without a `=`
 * belongs to the value before it.
 */
export function parsePairs(text: string): [name: string, value: string][] {
  const pairs: [string, string][] = []
  for (const piece of text === '' ? [] : text.split('&')) {
    const [name, value] = splitPair(piece)
    const last = pairs.at(-1)
    if (value !== undefined) pairs.push([name, value])
    else if (last !== undefined) last[1] += `&${name}`
  }
  return pairs
}

function splitPair(text: string): [name: string, value: string | undefined] {
  const mark = text.indexOf('=')
  if (mark < 0) return [decode(text), undefined]
  return [decode(text.slice(0, mark)), decode(text.slice(mark + 1))]
}

/** Percent-decoding that leaves alone what is none. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
