/** JSON Schemas of the main bodies. A test holds a node's answers against them. */
export type Schema = {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly additionalProperties?: boolean
  readonly $ref?: string
}

const text: Schema = { type: 'string' }
const count: Schema = { type: 'integer' }

function object(
  properties: Readonly<Record<string, Schema>>,
  optional: readonly string[] = [],
): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name))
  return { type: 'object', properties, required, additionalProperties: false }
}

const tags: Schema = { type: 'array', items: object({ name: text, value: text }) }
const emitted: Schema = { type: 'array', items: { type: 'object' } }

export const schemas: Readonly<Record<string, Schema>> = {
  Error: {
    ...object({ error: text, code: text, Error: text }, ['Error']),
    description: 'What is wrong and what to do; the code is what to switch on',
    additionalProperties: true,
  },
  Health: object({
    status: text,
    version: text,
    roles: { type: 'array', items: text },
    address: text,
    modules: object({ js: text }),
    processes: count,
    height: count,
  }),
  Result: {
    ...object(
      {
        Messages: emitted,
        Spawns: emitted,
        Assignments: { type: 'array' },
        Output: {},
        Error: {},
        GasUsed: { type: ['integer', 'null'] },
        Patches: { type: 'array' },
        Receipts: { type: 'array', items: object({ Model: text, Receipt: text }) },
      },
      ['Error', 'GasUsed', 'Patches', 'Receipts'],
    ),
    description: 'What a message gave: AO’s shape',
  },
  Results: object({
    pageInfo: object({ hasNextPage: { type: 'boolean' } }),
    edges: {
      type: 'array',
      items: object({ node: { $ref: '#/components/schemas/Result' }, cursor: text }),
    },
  }),
  Processes: object({
    total: count,
    live: count,
    memoryBytes: count,
    memoryBytesMax: count,
    cursor: { type: ['string', 'null'] },
    processes: {
      type: 'array',
      items: object({
        process: text,
        module: { type: ['string', 'null'] },
        slots: count,
        evaluated: count,
        backlog: count,
        live: { type: 'boolean' },
        worker: { type: ['integer', 'null'] },
        stateBytes: { type: ['integer', 'null'] },
        memoryBytes: count,
        cost: object({
          evaluations: count,
          gasUsed: count,
          elapsedMs: { type: ['number', 'integer'] },
        }),
        stopped: {},
        lastError: {},
      }),
    },
  }),
  DryRun: {
    type: 'object',
    description: 'A message that was never sent; what is left out has a default',
    properties: { Id: text, Target: text, Owner: text, From: text, Data: text, Tags: tags },
  },
  Scheduled: { ...object({ id: text, timestamp: count }), additionalProperties: true },
}

/** Bodies by route: what it answers, and what it takes where that is JSON. */
export const bodies: Readonly<
  Record<string, { readonly answer?: string; readonly takes?: string }>
> = {
  'GET /healthz': { answer: 'Health' },
  'GET /cu/result/{id}': { answer: 'Result' },
  'GET /cu/results/{pid}': { answer: 'Results' },
  'GET /cu/cron/{pid}': { answer: 'Results' },
  'GET /cu/processes': { answer: 'Processes' },
  'POST /cu/dry-run': { answer: 'Result', takes: 'DryRun' },
  'POST /su/': { answer: 'Scheduled', takes: 'item' },
  'POST /mu/': { takes: 'item' },
  'POST /v1/tx': { takes: 'item' },
}

/** Where a value is not as a schema says; empty where it is. */
export function faultsOf(value: unknown, schema: Schema, at = 'body'): string[] {
  const { $ref } = schema
  const named = $ref === undefined ? schema : (schemas[$ref.split('/').at(-1) ?? ''] ?? {})
  const { type, properties = {}, required = [], items, additionalProperties = true } = named
  const types = type === undefined ? [] : [type].flat()
  if (types.length > 0 && !types.includes(typeOf(value))) return [`${at} is ${typeOf(value)}`]
  if (Array.isArray(value)) {
    return value.flatMap((one, index) => (items ? faultsOf(one, items, `${at}[${index}]`) : []))
  }
  if (typeof value !== 'object' || value === null) return []
  const faults = required
    .filter((name) => !(name in value))
    .map((name) => `${at}.${name} is missing`)
  for (const [name, one] of Object.entries(value)) {
    const known = properties[name]
    if (known !== undefined) faults.push(...faultsOf(one, known, `${at}.${name}`))
    else if (!additionalProperties) faults.push(`${at}.${name} is not in the schema`)
  }
  return faults
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}
