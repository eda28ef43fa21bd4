import { keepLayout } from './layout.ts'
import { type Answer, systemTags } from './outgoing.ts'
import { type Sent, send } from './send.ts'
import type { Tag, TagTable } from './wire.ts'

/** Bits of the flags a message arrives with. */
const isCron = 1
const isReadOnly = 2

/** Tags as they came: names and values in turn. */
const tagTexts: unique symbol = Symbol('tags')

/** One message as an actor sees it. Fields are only declared: each is written once. */
export class Message {
  declare readonly id: string
  /** Process or address it comes from. */
  declare readonly from: string
  /** Who signed it: for messages between processes the messenger. */
  declare readonly owner: string
  declare readonly target: string
  declare readonly action: string | undefined
  declare readonly tags: TagTable
  declare readonly data: string
  /** Milliseconds since 1970, as the scheduler stated them. */
  declare readonly timestamp: number
  declare readonly blockHeight: number
  declare readonly slot: number
  declare readonly cron: boolean
  declare readonly readOnly: boolean
  declare readonly reference: string | undefined
  declare readonly [tagTexts]: readonly string[]

  /** As a message arrives, see `begin`; `tags` are names and values in turn. */
  constructor(
    id: string,
    from: string,
    owner: string,
    target: string,
    data: string,
    timestamp: number,
    blockHeight: number,
    slot: number,
    flags: number,
    tags: readonly string[],
  ) {
    const table: TagTable = Object.create(null)
    // Plain loops and indexes, as elsewhere on a message's way: an iterator takes a microsecond a turn.
    for (let i = 0; i < tags.length; i += 2) {
      const name = tags[i] as string
      const value = tags[i + 1] as string
      if (table[name] === undefined) table[name] = value
    }
    this.id = id
    this.from = from
    this.owner = owner
    this.target = target
    this.action = table.Action ?? table.action
    this.tags = table
    this.data = data
    this.timestamp = timestamp
    this.blockHeight = blockHeight
    this.slot = slot
    this.cron = (flags & isCron) !== 0
    this.readOnly = (flags & isReadOnly) !== 0
    this.reference = table.Reference
    this[tagTexts] = tags
  }

  /** All tags in their order, repeated names too. Made when asked for: few handlers do. */
  get tagList(): readonly Tag[] {
    const list: Tag[] = []
    for (let i = 0; i < this[tagTexts].length; i += 2) {
      list.push({ name: this[tagTexts][i] as string, value: this[tagTexts][i + 1] as string })
    }
    return list
  }

  /** Characters of its tags, names too. */
  get tagChars(): number {
    return this[tagTexts].reduce((sum, text) => sum + text.length, 0)
  }

  /** The data read as JSON. */
  json(): unknown {
    try {
      return JSON.parse(this.data)
    } catch (cause) {
      throw new TypeError(`the data of message ${this.id} is not JSON`, { cause })
    }
  }

  /** Answers whoever asked first, so that its `receive()` goes on. */
  reply(answer: Answer = {}): Sent {
    const { tags } = this
    const replyTo = tags['Reply-To']
    // A forwarded request carries its asker's reference beside its own.
    const asked = tags['X-Reference']
    const reference = replyTo === undefined ? (tags.Reference ?? asked) : asked
    const carried: string[] = []
    if (reference !== undefined) carried.push('X-Reference', reference)
    const origin = tags['X-Origin']
    if (origin !== undefined) carried.push('X-Origin', origin)
    return send(answer, { target: replyTo ?? this.from, tags: carried })
  }

  /** Hands the message on; replies to it go straight to whom it came from. */
  forward(target: string, changes: Answer = {}): Sent {
    const { tags } = this
    const carried = ['Reply-To', tags['Reply-To'] ?? this.from]
    const reference = tags['X-Reference'] ?? tags.Reference
    if (reference !== undefined) carried.push('X-Reference', reference)
    carried.push('X-Origin', tags['X-Origin'] ?? this.from)
    const changed = namesOf(changes)
    for (const { name, value } of this.tagList) {
      if (!carriedNames.has(name) && !systemTags.has(name) && !changed.has(name))
        carried.push(name, value)
    }
    return send({ data: this.data, ...changes }, { target, tags: carried })
  }
}

const carriedNames: ReadonlySet<string> = new Set(['Reply-To', 'X-Reference', 'X-Origin'])

/** Names of the tags an answer sets. */
function namesOf({ action, tags = {} }: Answer): Set<string> {
  const names: string[] = Array.isArray(tags)
    ? tags.map(({ name }: Tag) => name)
    : Object.keys(tags)
  return new Set(action === undefined ? names : [...names, 'Action'])
}

keepLayout(Message.prototype, [
  'id',
  'from',
  'owner',
  'target',
  'action',
  'tags',
  'data',
  'timestamp',
  'blockHeight',
  'slot',
  'cron',
  'readOnly',
  'reference',
  tagTexts,
])
keepLayout(null, ['Data-Protocol', 'Variant', 'Type', 'Reference'])
keepLayout(null, ['Data-Protocol', 'Type', 'Variant', 'Action'])
keepLayout(Object.prototype, ['target', 'tags'])
