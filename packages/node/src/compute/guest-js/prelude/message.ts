import { type Answer, systemTags } from './outgoing.ts'
import { type Sent, send } from './send.ts'
import { type Tag, type TagTable, tagTable, type WireMessage } from './wire.ts'

/** One message as an actor sees it. */
export class Message {
  readonly id: string
  /** Process or address it comes from. */
  readonly from: string
  /** Who signed it: for messages between processes the messenger. */
  readonly owner: string
  readonly target: string
  readonly action: string | undefined
  readonly tags: TagTable
  readonly tagList: readonly Tag[]
  readonly data: string
  /** Milliseconds since 1970, as the scheduler stated them. */
  readonly timestamp: number
  readonly blockHeight: number
  readonly slot: number
  readonly cron: boolean
  readonly readOnly: boolean
  readonly reference: string | undefined

  constructor(wire: WireMessage) {
    const tagList = wire.Tags ?? []
    const tags = tagTable(tagList)
    this.id = wire.Id ?? ''
    this.from = wire.From ?? ''
    this.owner = wire.Owner ?? ''
    this.target = wire.Target ?? ''
    this.action = tags.Action ?? tags.action
    this.tags = tags
    this.tagList = tagList
    this.data = wire.Data ?? ''
    this.timestamp = wire.Timestamp ?? 0
    this.blockHeight = wire['Block-Height'] ?? 0
    this.slot = wire.Nonce ?? 0
    this.cron = wire.Cron === true
    this.readOnly = wire['Read-Only'] === true
    this.reference = tags.Reference
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
    const carried: Tag[] = []
    if (reference !== undefined) carried.push({ name: 'X-Reference', value: reference })
    const origin = tags['X-Origin']
    if (origin !== undefined) carried.push({ name: 'X-Origin', value: origin })
    return send(answer, { target: replyTo ?? this.from, tags: carried })
  }

  /** Hands the message on; replies to it go straight to whom it came from. */
  forward(target: string, changes: Answer = {}): Sent {
    const { tags } = this
    const carried = [{ name: 'Reply-To', value: tags['Reply-To'] ?? this.from }]
    const reference = tags['X-Reference'] ?? tags.Reference
    if (reference !== undefined) carried.push({ name: 'X-Reference', value: reference })
    carried.push({ name: 'X-Origin', value: tags['X-Origin'] ?? this.from })
    const changed = namesOf(changes)
    for (const each of this.tagList) {
      if (!carriedNames.has(each.name) && !systemTags.has(each.name) && !changed.has(each.name))
        carried.push(each)
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
