import type { seededChance } from '../guest/emscripten/chance.ts'
import type { ModelCalls } from '../model-calls/model-calls.ts'
import type { Meter } from '../prepare/meter.ts'

/** The outside of one instance. What changes with a message is set anew for each. */
export type World = {
  memory: WebAssembly.Memory
  meter: Meter | undefined
  readonly print: ((text: string) => void) | undefined
  timestampMs: number
  chance: ReturnType<typeof seededChance>
  /** Models the guest may call, and the bytes of the last answer. */
  readonly calls: ModelCalls
  reply: Uint8Array
  messageJson: string
  environmentJson: string
  /** Fields of the message, read from its JSON when the first is asked for. */
  fields: Fields | undefined
}

/** `nameBytesMax`: of the longest name; a longer one need not be looked at. */
type Fields = {
  readonly values: ReadonlyMap<string, Uint8Array>
  readonly nameBytesMax: number
}

const messageFields = [
  ...['Id', 'From', 'Owner', 'Target', 'Data', 'Anchor', 'Timestamp', 'Block-Height'],
  ...['Nonce', 'Epoch', 'Cron'],
]

/**
 * The value of a field of the message as UTF-8: `Data`, `From`…, `Process.Id`, `Process.Owner`,
 * `Module.Id`, or `Tag.` and a tag's name (the first of that name). `name` is UTF-8 too.
 */
export function fieldOf(world: World, name: Uint8Array): Uint8Array | undefined {
  world.fields ??= readFields(world.messageJson, world.environmentJson)
  const { values, nameBytesMax } = world.fields
  if (name.length > nameBytesMax) return undefined
  return values.get(Buffer.from(name).toString('utf8'))
}

function readFields(messageJson: string, environmentJson: string): Fields {
  const found = new Map<string, Uint8Array>()
  const put = (name: string, value: unknown) => {
    if (value === undefined || value === null || typeof value === 'object') return
    if (!found.has(name)) found.set(name, Buffer.from(String(value)))
  }
  const message: unknown = JSON.parse(messageJson)
  for (const name of messageFields) put(name, member(message, name))
  const tags = member(message, 'Tags')
  if (Array.isArray(tags))
    for (const tag of tags) put(`Tag.${String(member(tag, 'name'))}`, member(tag, 'value'))
  const environment: unknown = JSON.parse(environmentJson)
  for (const part of ['Process', 'Module'])
    for (const name of ['Id', 'Owner'])
      put(`${part}.${name}`, member(member(environment, part), name))
  const nameBytesMax = Math.max(...[...found.keys()].map((name) => Buffer.byteLength(name)))
  return { values: found, nameBytesMax }
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
