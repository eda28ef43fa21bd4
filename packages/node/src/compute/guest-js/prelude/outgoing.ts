import { processInfo } from './environment.ts'
import { assignmentKind, emit, messageKind, spawnKind } from './record.ts'
import type { Tag } from './wire.ts'

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

/** A message or a spawn in the making; its tags are names and values in turn. */
export type Draft = [
  kind: typeof messageKind | typeof spawnKind,
  target: string,
  reference: number,
  data: string,
  ...tags: string[],
]
const targetAt = 1
const referenceAt = 2
const dataAt = 3
const firstTagAt = 4

/** Puts a message into the outbox; it leaves when this evaluation is durable. */
export function postMessage(stated: GivenMessage): Draft {
  const draft: Draft = [messageKind, '', 0, '']
  readGiven('send', stated, draft, false)
  return post(draft)
}

/** The same where target and tags of an answer or a forwarded message are there already. */
export function postAnswer(draft: Draft, stated: Answer): Draft {
  readGiven('send', stated, draft, true)
  return post(draft)
}

function post(draft: Draft): Draft {
  const target: unknown = draft[targetAt]
  if (typeof target !== 'string' || target === '') {
    throw new TypeError('send: target is missing: give the id of a process or an address')
  }
  return emitDraft(draft)
}

function emitDraft(draft: Draft): Draft {
  if (draft.length > firstTagAt) checkTags(draft)
  lastReference += 1
  draft[referenceAt] = lastReference
  emit(draft)
  return draft
}

export type GivenSpawn = GivenMessage & { readonly module?: string; readonly source?: string }

/** Asks for a new process: of this actor's own module unless another is named. */
export function postSpawn(stated: GivenSpawn): Draft {
  const { module = processInfo.module.id, source, ...rest } = stated
  const draft: Draft = [spawnKind, '', 0, '']
  readGiven('spawn', source === undefined ? rest : { ...rest, data: source }, draft, true)
  if (!hasName(draft, 'Authority') && processInfo.authorities.length > 0) {
    draft.push('Authority', processInfo.authorities.join(','))
  }
  checkText('Module', module)
  draft[targetAt] = module
  return emitDraft(draft)
}

function hasName(draft: Draft, name: string): boolean {
  for (let i = firstTagAt; i < draft.length; i += 2) if (draft[i] === name) return true
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
  const excluded = exclude === undefined ? undefined : Array.from(exclude, String)
  emit([assignmentKind, message, Array.from(processes, String), baseLayer, excluded])
}

/**
 * Reads what an actor stated into a draft: `send({ Action: 'X' })` works as in aos. A target is read past where
 * there is one already.
 */
function readGiven(verb: string, stated: GivenMessage, draft: Draft, hasTarget: boolean): void {
  if (typeof stated !== 'object' || stated === null) {
    throw new TypeError(
      `${verb}: give an object with ${verb === 'send' ? 'target, ' : ''}tags, data`,
    )
  }
  const names = Object.keys(stated)
  // A plain loop, as elsewhere on a message's way: an iterator takes a microsecond a turn.
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string
    const value = stated[name]
    if (name === 'data' || name === 'Data') draft[dataAt] = dataText(value)
    else if (name === 'tags' || name === 'Tags') readTags(draft, value as GivenTags)
    else if (name === 'action') addTag(draft, 'Action', value as TagValue)
    else if (name === 'target' || name === 'Target') {
      if (!hasTarget) draft[targetAt] = value as string
    } else if (name >= 'A' && name < '[') addTag(draft, name, value as TagValue)
    else throw new TypeError(`${verb}: unknown field ${name}: put it into tags or data`)
  }
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

function readTags(draft: Draft, stated: GivenTags | undefined): void {
  if (stated === undefined) return
  if (Array.isArray(stated)) {
    for (const { name, value } of stated) addTag(draft, name, value)
    return
  }
  const table = stated as Readonly<Record<string, TagValue>>
  const names = Object.keys(table)
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string
    addTag(draft, name, table[name])
  }
}

function addTag(draft: Draft, name: string, value: TagValue): void {
  if (value === undefined || value === null) return
  if (typeof value === 'object' || typeof value === 'function' || typeof value === 'symbol') {
    throw new TypeError(`tag ${name}: a value is text, a number, a bigint or a boolean`)
  }
  if (systemTags.has(name))
    throw new TypeError(`tag ${name} is written by the system: leave it out`)
  draft.push(String(name), String(value))
}

/** With what the host adds. */
function checkTags(draft: Draft): void {
  // Nearly all messages are far below every limit, even at three bytes a character.
  let chars = 0
  let suspect = false
  for (let i = firstTagAt; i < draft.length; i++) {
    const text = draft[i] as string
    chars += text.length
    suspect ||= (text === '' && i % 2 === 0) || !text.isWellFormed()
  }
  if (!suspect && chars <= 1_000 && draft.length <= 64) return
  let bytes = commonTagBytes
  for (let i = firstTagAt; i < draft.length; i += 2)
    bytes += checkTag(draft[i] as string, draft[i + 1] as string)
  const count = (draft.length - firstTagAt) / 2 + commonTags
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
