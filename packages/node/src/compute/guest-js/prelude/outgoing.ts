import { processInfo } from './environment.ts'
import { record } from './record.ts'
import type { Tag, WireAssignment } from './wire.ts'

type TagValue = string | number | bigint | boolean | null | undefined
type GivenTags = Readonly<Record<string, TagValue>> | readonly Tag[]

/** What an answer may hold: its target and its reference follow from the message answered. */
export type Answer = {
  readonly action?: string
  readonly tags?: GivenTags
  readonly data?: unknown
  /** Names with a capital are tags, as in aos. */
  readonly [tag: string]: unknown
}

/** What an actor states of a message. */
export type GivenMessage = Answer & { readonly target?: string }

/** Written by the engine or the messenger; an actor that set them would be contradicted. */
export const systemTags: ReadonlySet<string> = new Set([
  'Data-Protocol',
  'Variant',
  'Type',
  'Reference',
  'From-Process',
  'From-Module',
  'Pushed-For',
  'Delivery-Id',
  'Cron-Tick',
  'Cron-Time',
  'Cron-Block',
  'data-protocol',
  'type',
])

/** An item holds 128 tags in 4,096 bytes (ANS-104); the messenger needs part of both. */
const maxTags = 110
const maxTagBytes = 3_400
const dataProtocol: Tag = { name: 'Data-Protocol', value: 'ao' }
const variant: Tag = { name: 'Variant', value: 'ao.TN.1' }
const typeMessage: Tag = { name: 'Type', value: 'Message' }

let lastReference = 0

function nextReference(): { reference: string; anchor: string } {
  lastReference += 1
  const reference = String(lastReference)
  return { reference, anchor: reference.padStart(32, '0') }
}

/** What an answer or a forwarded message carries whatever its author says. */
export type Carried = { readonly target: string; readonly tags: readonly Tag[] }

/** Puts a message into the outbox; it leaves when this evaluation is durable. */
export function postMessage(
  given: GivenMessage,
  carried?: Carried,
): { reference: string; target: string } {
  const draft = readGiven('send', given)
  const target = carried?.target ?? draft.target
  if (typeof target !== 'string' || target === '') {
    throw new TypeError('send: target is missing: give the id of a process or an address')
  }
  const { reference, anchor } = nextReference()
  // Plain loops, here and below: the engine takes a microsecond for every spread.
  const tags = [dataProtocol, variant, typeMessage, tag('Reference', reference)]
  if (carried !== undefined) for (const each of carried.tags) tags.push(each)
  for (const each of draft.tags) tags.push(each)
  record.messages.push({ Target: target, Anchor: anchor, Tags: checkTags(tags), Data: draft.data })
  return { reference, target }
}

export type GivenSpawn = GivenMessage & { readonly module?: string; readonly source?: string }

/** Asks for a new process: of this actor's own module unless another is named. */
export function postSpawn(given: GivenSpawn): { reference: string } {
  const { module = processInfo.module.id, source, ...rest } = given
  const { tags, data } = readGiven('spawn', source === undefined ? rest : { ...rest, data: source })
  const { reference, anchor } = nextReference()
  const own = [
    dataProtocol,
    variant,
    tag('Type', 'Process'),
    tag('Module', module),
    tag('Reference', reference),
  ]
  if (!tags.some(({ name }) => name === 'Authority') && processInfo.authorities.length > 0) {
    own.push(tag('Authority', processInfo.authorities.join(',')))
  }
  record.spawns.push({ Anchor: anchor, Tags: checkTags([...own, ...tags]), Data: data })
  return { reference }
}

export type GivenAssignment = {
  readonly processes: readonly string[]
  readonly message: string
  readonly baseLayer?: boolean
  readonly exclude?: readonly string[]
}

/** Asks that an existing item be put into the logs of other processes. */
export function postAssignment(given: GivenAssignment): void {
  const { processes, message, baseLayer, exclude } = given
  if (!Array.isArray(processes) || typeof message !== 'string') {
    throw new TypeError('assign: give { processes: [id, …], message: id }')
  }
  const wire: WireAssignment = {
    Processes: processes.map(String),
    Message: message,
    ...(baseLayer === undefined ? {} : { BaseLayer: baseLayer }),
    ...(exclude === undefined ? {} : { Exclude: exclude.map(String) }),
  }
  record.assignments.push(wire)
}

/** Splits what was given into target, tags and data. `send({ Action: 'X' })` works as in aos. */
function readGiven(verb: string, given: GivenMessage) {
  if (typeof given !== 'object' || given === null) {
    throw new TypeError(
      `${verb}: give an object with ${verb === 'send' ? 'target, ' : ''}tags, data`,
    )
  }
  const tags: Tag[] = []
  let target: unknown
  let data = ''
  for (const name of Object.keys(given)) {
    const value = given[name]
    if (name === 'target' || name === 'Target') target = value
    else if (name === 'data' || name === 'Data') data = dataText(value)
    else if (name === 'tags' || name === 'Tags') readTags(tags, value as GivenTags)
    else if (name === 'action') addTag(tags, 'Action', value as TagValue)
    else if (name >= 'A' && name < '[') addTag(tags, name, value as TagValue)
    else throw new TypeError(`${verb}: unknown field ${name}: put it into tags or data`)
  }
  return { target, tags, data }
}

/** Texts go as they are, other values as JSON with big integers in decimal digits. */
function dataText(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'string') return value
  if (typeof value === 'bigint') return String(value)
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
    throw new TypeError('data must be text: encode bytes first, for example with btoa')
  }
  const replacer = (_key: string, each: unknown) => (typeof each === 'bigint' ? String(each) : each)
  return JSON.stringify(value, replacer) ?? ''
}

function readTags(tags: Tag[], given: GivenTags | undefined): void {
  if (given === undefined) return
  if (Array.isArray(given)) for (const { name, value } of given) addTag(tags, name, value)
  else for (const name of Object.keys(given)) addTag(tags, name, Reflect.get(given, name))
}

function addTag(tags: Tag[], name: string, value: TagValue): void {
  if (value === undefined || value === null) return
  if (typeof value === 'object' || typeof value === 'function' || typeof value === 'symbol') {
    throw new TypeError(`tag ${name}: a value is text, a number, a bigint or a boolean`)
  }
  if (systemTags.has(name))
    throw new TypeError(`tag ${name} is written by the system: leave it out`)
  tags.push(tag(name, String(value)))
}

function checkTags(tags: readonly Tag[]): readonly Tag[] {
  // Nearly all messages are far below every limit, even at three bytes a character.
  let chars = 0
  let suspect = false
  for (const { name, value } of tags) {
    chars += name.length + value.length
    suspect ||= name === '' || !name.isWellFormed() || !value.isWellFormed()
  }
  if (!suspect && chars <= 1_000 && tags.length <= 32) return tags
  let bytes = 0
  for (const each of tags) bytes += checkTag(each)
  if (tags.length > maxTags || bytes > maxTagBytes) {
    throw new RangeError(
      `${tags.length} tags of ${bytes} bytes: an item holds ${maxTags} of ${maxTagBytes} bytes. ` +
        'Put the rest into data.',
    )
  }
  return tags
}

/** Bytes of one tag in an item. */
function checkTag({ name, value }: Tag): number {
  const [nameBytes, valueBytes] = [utf8Length(name), utf8Length(value)]
  if (nameBytes === 0 || nameBytes > 1024 || valueBytes > 3072) {
    throw new RangeError(
      `tag ${name.slice(0, 80)}: a name has 1 to 1,024 bytes and a value at most 3,072`,
    )
  }
  if (!name.isWellFormed() || !value.isWellFormed()) {
    throw new TypeError(`tag ${name}: it holds half a surrogate pair, which no item can carry`)
  }
  return nameBytes + valueBytes + 4
}

function utf8Length(text: string): number {
  let bytes = 0
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
  }
  return bytes
}

function tag(name: string, value: string): Tag {
  return { name, value }
}
