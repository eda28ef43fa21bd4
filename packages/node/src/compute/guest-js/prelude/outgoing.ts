import { emitAssignment, emitMessage, emitSpawn } from './emissions.ts'
import { processInfo } from './environment.ts'
import { keepLayout } from './layout.ts'
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
/** What the host puts before the tags of every message and spawn, in tags and in bytes. */
const commonTags = 5
const commonTagBytes = 200

let lastReference = 0

function nextReference(): string {
  lastReference += 1
  return String(lastReference)
}

/** What an answer or a forwarded message carries whatever its author says: names and values in turn. */
export type Carried = { readonly target: string; readonly tags: string[] }

/** Puts a message into the outbox; it leaves when this evaluation is durable. */
export function postMessage(
  given: GivenMessage,
  carried?: Carried,
): { reference: string; target: string } {
  const draft = readGiven('send', given, carried?.tags ?? [])
  const target = carried?.target ?? draft.target
  if (typeof target !== 'string' || target === '') {
    throw new TypeError('send: target is missing: give the id of a process or an address')
  }
  checkTags(draft.tags)
  const reference = nextReference()
  emitMessage(target, reference, draft.data, draft.tags)
  return { reference, target }
}

export type GivenSpawn = GivenMessage & { readonly module?: string; readonly source?: string }

/** Asks for a new process: of this actor's own module unless another is named. */
export function postSpawn(given: GivenSpawn): { reference: string } {
  const { module = processInfo.module.id, source, ...rest } = given
  const draft = source === undefined ? rest : { ...rest, data: source }
  const { tags, data } = readGiven('spawn', draft, [])
  if (!hasName(tags, 'Authority') && processInfo.authorities.length > 0) {
    tags.unshift('Authority', processInfo.authorities.join(','))
  }
  checkTags(tags)
  checkText('Module', module)
  const reference = nextReference()
  emitSpawn(module, reference, data, tags)
  return { reference }
}

function hasName(tags: readonly string[], name: string): boolean {
  for (let i = 0; i < tags.length; i += 2) if (tags[i] === name) return true
  return false
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
  emitAssignment(wire)
}

/** Splits what was given into target, data and tags, which are added to `tags`. `send({ Action: 'X' })` works as in aos. */
function readGiven(verb: string, given: GivenMessage, tags: string[]) {
  if (typeof given !== 'object' || given === null) {
    throw new TypeError(
      `${verb}: give an object with ${verb === 'send' ? 'target, ' : ''}tags, data`,
    )
  }
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
  return { target, data, tags }
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

function readTags(tags: string[], given: GivenTags | undefined): void {
  if (given === undefined) return
  if (Array.isArray(given)) for (const { name, value } of given) addTag(tags, name, value)
  else for (const name of Object.keys(given)) addTag(tags, name, Reflect.get(given, name))
}

function addTag(tags: string[], name: string, value: TagValue): void {
  if (value === undefined || value === null) return
  if (typeof value === 'object' || typeof value === 'function' || typeof value === 'symbol') {
    throw new TypeError(`tag ${name}: a value is text, a number, a bigint or a boolean`)
  }
  if (systemTags.has(name))
    throw new TypeError(`tag ${name} is written by the system: leave it out`)
  tags.push(String(name), String(value))
}

/** Of names and values in turn, with what the host adds. */
function checkTags(tags: readonly string[]): void {
  // Nearly all messages are far below every limit, even at three bytes a character.
  let chars = 0
  let suspect = false
  for (let i = 0; i < tags.length; i++) {
    const text = tags[i] as string
    chars += text.length
    suspect ||= (text === '' && i % 2 === 0) || !text.isWellFormed()
  }
  if (!suspect && chars <= 1_000 && tags.length <= 64) return
  let bytes = commonTagBytes
  for (let i = 0; i < tags.length; i += 2)
    bytes += checkTag(tags[i] as string, tags[i + 1] as string)
  const count = tags.length / 2 + commonTags
  if (count > maxTags || bytes > maxTagBytes) {
    throw new RangeError(
      `${count} tags of ${bytes} bytes: an item holds ${maxTags} of ${maxTagBytes} bytes. ` +
        'Put the rest into data.',
    )
  }
}

/** Bytes of one tag in an item. */
function checkTag(name: string, value: string): number {
  const [nameBytes, valueBytes] = [utf8Length(name), utf8Length(value)]
  if (nameBytes === 0 || nameBytes > 1024 || valueBytes > 3072) {
    throw new RangeError(
      `tag ${name.slice(0, 80)}: a name has 1 to 1,024 bytes and a value at most 3,072`,
    )
  }
  checkText(name, name)
  checkText(name, value)
  return nameBytes + valueBytes + 4
}

function checkText(name: string, text: string): void {
  if (typeof text !== 'string' || !text.isWellFormed()) {
    throw new TypeError(`tag ${name}: it holds half a surrogate pair, which no item can carry`)
  }
}

function utf8Length(text: string): number {
  let bytes = 0
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
  }
  return bytes
}

keepLayout(Object.prototype, ['target', 'data', 'tags'])
keepLayout(Object.prototype, ['reference', 'target'])
