import { processInfo } from './environment.ts'
import { showAs } from './inspect.ts'
import { type Given, isCron, isReadOnly, tableOf, valueAt, valueOfTag } from './kind.ts'
import { keepLayout } from './layout.ts'
import { type Answer, type Draft, postAnswer, systemTags } from './outgoing.ts'
import { messageKind } from './record.ts'
import { Sent } from './send.ts'
import type { Tag, TagTable } from './wire.ts'

/** What the message was given as, see `Given`. */
export const given: unique symbol = Symbol('given')

/**
 * One message as an actor sees it. Its fields are read where the host put them when somebody asks: writing a
 * field of an object takes the engine as long as the rest of its way to the handler.
 */
export class Message {
  declare readonly [given]: Given

  constructor(parts: Given) {
    this[given] = parts
  }

  get id(): string {
    return this[given][1]
  }

  /** Process or address it comes from. */
  get from(): string {
    return this[given][2]
  }

  /** Who signed it: for messages between processes the messenger. */
  get owner(): string {
    return this[given][3] ?? this[given][2]
  }

  get target(): string {
    return this[given][4] ?? processInfo.id
  }

  get action(): string | undefined {
    return this[given][0].action
  }

  get tags(): TagTable {
    return tableOf(this[given])
  }

  get data(): string {
    return this[given][5]
  }

  /** Milliseconds since 1970, as the scheduler stated them. */
  get timestamp(): number {
    return this[given][6]
  }

  get blockHeight(): number {
    return this[given][7]
  }

  get slot(): number {
    return this[given][8]
  }

  get cron(): boolean {
    return (this[given][9] & isCron) !== 0
  }

  get readOnly(): boolean {
    return (this[given][9] & isReadOnly) !== 0
  }

  get reference(): string | undefined {
    return valueAt(this[given], this[given][0].reference)
  }

  /** All tags in their order, repeated names too. */
  get tagList(): readonly Tag[] {
    const parts = this[given]
    return parts[0].names.map((name, tag) => ({ name, value: valueOfTag(parts, tag) }))
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
    const parts = this[given]
    // Indexes, as elsewhere on a message's way: taking a list apart asks its iterator.
    const draft: Draft = [messageKind, parts[2], 0, '']
    if (parts[0].isRouted) addressReply(draft, parts)
    return new Sent(postAnswer(draft, answer))
  }

  /** Hands the message on; replies to it go straight to whom it came from. */
  forward(target: string, changes: Answer = {}): Sent {
    const { tags, from } = this
    const draft: Draft = [messageKind, target, 0, this.data]
    draft.push('Reply-To', tags['Reply-To'] ?? from)
    const reference = tags['X-Reference'] ?? tags.Reference
    if (reference !== undefined) draft.push('X-Reference', reference)
    draft.push('X-Origin', tags['X-Origin'] ?? from)
    const changed = namesOf(changes)
    for (const { name, value } of this.tagList) {
      if (!carriedNames.has(name) && !systemTags.has(name) && !changed.has(name))
        draft.push(name, value)
    }
    return new Sent(postAnswer(draft, changes))
  }

  /** All fields, as an object of their own. */
  toJSON() {
    return {
      id: this.id,
      from: this.from,
      owner: this.owner,
      target: this.target,
      action: this.action,
      tags: this.tags,
      data: this.data,
      timestamp: this.timestamp,
      blockHeight: this.blockHeight,
      slot: this.slot,
      cron: this.cron,
      readOnly: this.readOnly,
      reference: this.reference,
    }
  }
}

/** Where a reply goes, and what it carries so that whoever asked knows it. */
function addressReply(draft: Draft, parts: Given): void {
  const kind = parts[0]
  const replyTo = valueAt(parts, kind.replyTo)
  if (replyTo !== undefined) draft[1] = replyTo
  // A forwarded request carries its asker's reference beside its own.
  const asked = valueAt(parts, kind.askedReference)
  const reference = replyTo === undefined ? (valueAt(parts, kind.reference) ?? asked) : asked
  if (reference !== undefined) draft.push('X-Reference', reference)
  const origin = valueAt(parts, kind.origin)
  if (origin !== undefined) draft.push('X-Origin', origin)
}

/** Characters of its data and tags. */
export function charsOf(message: Message): number {
  const parts = message[given]
  const { names } = parts[0]
  let chars = parts[5].length
  for (let i = 0; i < names.length; i++)
    chars += (names[i] as string).length + valueOfTag(parts, i).length
  return chars
}

const carriedNames: ReadonlySet<string> = new Set(['Reply-To', 'X-Reference', 'X-Origin'])

/** Names of the tags an answer sets. */
function namesOf({ action, tags = {} }: Answer): Set<string> {
  const names: string[] = Array.isArray(tags)
    ? tags.map(({ name }: Tag) => name)
    : Object.keys(tags)
  return new Set(action === undefined ? names : [...names, 'Action'])
}

keepLayout(Message.prototype, [given])
showAs(Message.prototype, (message) => (message as Message).toJSON())
