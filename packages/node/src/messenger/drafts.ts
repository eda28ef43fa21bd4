import { decodeBase64Url, encodeText, isId } from '@heddle/protocol/base'
import type { ItemDraft, Tag } from '@heddle/protocol/item'
import { letterInvalid } from './errors.ts'
import { field } from './letters.ts'

/** What a pushed item says about where it comes from. */
export type Origin = {
  readonly processId: string
  readonly moduleId: string
  /** `Scheduler` tag of the sender; a spawn without one inherits it. */
  readonly schedulerAddress: string
  /** First message of the chain of pushes. */
  readonly pushedFor: string
  /** Process that the slot's message came from, if it says so. */
  readonly fromProcess?: string | undefined
}

/**
 * Only a messenger states these. A guest that could write Delivery-Id would have other deliveries
 * dropped as repeats; one that could write Cron-Tick would speak with the voice of an owner, since
 * ticks are known by our signature. Deviation: the reference leaves `Pushed-For` of a guest in place.
 */
const stated = [
  'Data-Protocol',
  'Type',
  'From-Process',
  'Pushed-For',
  'Delivery-Id',
  'Cron-Tick',
  'Cron-Time',
  'Cron-Block',
]
/** Schedulers read these two in lower case as well. */
const aliases = ['data-protocol', 'type']

const statedOnMessage = new Set([...stated, ...aliases, 'From-Module', 'Assignments'])
const statedOnSpawn = new Set([...stated, ...aliases, 'Variant'])
const statedOnSpawned = new Set([...statedOnMessage, 'Variant', 'Action', 'Process'])
const statedOnTick = new Set([...stated, ...aliases, 'From-Module', 'Variant'])

const legacynet = 'ao.TN.1'
const mainnet = 'ao.N.1'
/** What clients send for empty data; some parsers refuse an item of none. */
const blank = ' '

/** The item for a message a process emitted. Throws `letter-invalid`. */
export function messageDraft(
  outgoing: unknown,
  target: string,
  origin: Origin,
  deliveryId: string,
): ItemDraft {
  return {
    target,
    ...anchorOf(field(outgoing, 'Anchor')),
    data: dataOf(field(outgoing, 'Data')),
    tags: [
      ...ownTags(outgoing, statedOnMessage),
      { name: 'Data-Protocol', value: 'ao' },
      { name: 'Type', value: 'Message' },
      { name: 'From-Process', value: origin.processId },
      { name: 'From-Module', value: origin.moduleId },
      { name: 'Pushed-For', value: origin.pushedFor },
      { name: 'Delivery-Id', value: deliveryId },
    ],
  }
}

/** The item for a process a process asked for. Throws `letter-invalid`. */
export function spawnDraft(outgoing: unknown, origin: Origin, deliveryId: string): ItemDraft {
  const own = ownTags(outgoing, statedOnSpawn)
  const named = own.some((tag) => tag.name === 'Scheduler')
  return {
    ...anchorOf(field(outgoing, 'Anchor')),
    data: dataOf(field(outgoing, 'Data')),
    tags: [
      ...own,
      ...(named ? [] : [{ name: 'Scheduler', value: origin.schedulerAddress }]),
      { name: 'Data-Protocol', value: 'ao' },
      { name: 'Type', value: 'Process' },
      { name: 'Variant', value: variantOf(outgoing) === mainnet ? mainnet : legacynet },
      { name: 'From-Process', value: origin.processId },
      { name: 'Pushed-For', value: origin.pushedFor },
      { name: 'Delivery-Id', value: deliveryId },
    ],
  }
}

/**
 * What tells a process that its spawn exists: the spawn's own tags come back, so that the process can
 * match its `Reference`.
 */
export function spawnedDraft(
  outgoing: unknown,
  newProcessId: string,
  origin: Origin,
  deliveryId: string,
): ItemDraft {
  return {
    target: origin.processId,
    data: encodeText(blank),
    tags: [
      ...ownTags(outgoing, statedOnSpawned),
      { name: 'Data-Protocol', value: 'ao' },
      { name: 'Type', value: 'Message' },
      { name: 'Variant', value: variantOf(outgoing) ?? legacynet },
      { name: 'From-Process', value: origin.processId },
      { name: 'From-Module', value: origin.moduleId },
      { name: 'Process', value: newProcessId },
      { name: 'Action', value: 'Spawned' },
      { name: 'Pushed-For', value: origin.pushedFor },
      { name: 'Delivery-Id', value: deliveryId },
    ],
  }
}

/** A cron tick as a log entry. `position` is milliseconds, or a height for an interval in blocks. */
export function tickDraft(tick: {
  processId: string
  interval: string
  unit: 'time' | 'block'
  position: number
  deliveryId: string
  tags: readonly Tag[]
}): ItemDraft {
  return {
    target: tick.processId,
    data: encodeText(blank),
    tags: [
      { name: 'Data-Protocol', value: 'ao' },
      { name: 'Type', value: 'Message' },
      { name: 'Variant', value: legacynet },
      { name: 'Cron-Tick', value: tick.interval },
      { name: tick.unit === 'time' ? 'Cron-Time' : 'Cron-Block', value: String(tick.position) },
      { name: 'Delivery-Id', value: tick.deliveryId },
      ...tick.tags.filter((tag) => !statedOnTick.has(tag.name)),
    ],
  }
}

/**
 * An anchor has 32 bytes. Text of 32 bytes is taken as it is (aos counts in 32 digits), an id is decoded,
 * shorter text gets zeros in front as aos would write it; what is longer is left out.
 */
function anchorOf(anchor: unknown): { anchor?: Uint8Array } {
  if (typeof anchor !== 'string' || anchor === '') return {}
  const bytes = encodeText(anchor)
  if (bytes.length === 32) return { anchor: bytes }
  if (isId(anchor)) return { anchor: decodeBase64Url(anchor) ?? bytes }
  if (bytes.length > 32) return {}
  const padded = new Uint8Array(32).fill(0x30)
  padded.set(bytes, 32 - bytes.length)
  return { anchor: padded }
}

function dataOf(data: unknown): Uint8Array {
  if (data === undefined || data === null || data === '') return encodeText(blank)
  if (typeof data !== 'string') throw letterInvalid(`Data must be text, it is ${typeof data}`)
  return encodeText(data)
}

function variantOf(outgoing: unknown): string | undefined {
  const tags = field(outgoing, 'Tags')
  if (!Array.isArray(tags)) return undefined
  const value = field(
    tags.find((tag) => field(tag, 'name') === 'Variant'),
    'value',
  )
  return typeof value === 'string' ? value : undefined
}

function ownTags(outgoing: unknown, dropped: ReadonlySet<string>): Tag[] {
  const tags = field(outgoing, 'Tags') ?? []
  if (!Array.isArray(tags)) throw letterInvalid('Tags must be a list of {name, value}')
  const own: Tag[] = []
  for (const tag of tags) {
    const name = field(tag, 'name')
    if (typeof name !== 'string') throw letterInvalid('a tag has no name that is text')
    if (dropped.has(name)) continue
    const value = field(tag, 'value')
    if (typeof value !== 'string') {
      throw letterInvalid(`the value of tag ${name} must be text, it is ${typeof value}`)
    }
    own.push({ name, value })
  }
  return own
}
