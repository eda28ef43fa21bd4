import { gasTable, readComputeLimit } from '@heddle/protocol/params'

/**
 * Gives the gas limit of a message from its environment: the process's `Compute-Limit` tag, else the
 * module's, else the default, also where a tag cannot be read. The last answer is kept, as one
 * process asks again and again.
 */
export function createComputeLimit(): (environmentJson: string) => number {
  let known: string | undefined
  let limit: number = gasTable.messageDefault
  return (environmentJson) => {
    if (environmentJson !== known) limit = limitIn(environmentJson)
    known = environmentJson
    return limit
  }
}

function limitIn(environmentJson: string): number {
  for (const text of environmentTags(environmentJson, 'Compute-Limit')) {
    const limit = readComputeLimit(text)
    if (limit !== undefined) return limit
  }
  return gasTable.messageDefault
}

/** Values of a tag in `{Process, Module}` as JSON: the process's, then the module's. */
export function environmentTags(environmentJson: string, name: string): string[] {
  const environment = parse(environmentJson)
  return ['Process', 'Module'].flatMap((part) => tagIn(field(environment, part), name) ?? [])
}

function tagIn(part: unknown, name: string): string | undefined {
  const tags = field(part, 'Tags')
  if (!Array.isArray(tags)) return undefined
  const value = field(
    tags.find((tag: unknown) => field(tag, 'name') === name),
    'value',
  )
  return typeof value === 'string' ? value : undefined
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
