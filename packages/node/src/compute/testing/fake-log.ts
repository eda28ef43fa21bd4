import { encodeText } from '@heddle/protocol/base'
import { createItem, type Item, type Signer, type Tag } from '@heddle/protocol/item'
import {
  type AssignmentStatement,
  assignmentDraft,
  hashChainNext,
  hashChainStart,
  type LogEntry,
  readAssignment,
} from '@heddle/protocol/message'
import { ed25519Signer, nodeCrypto } from '../../runtime/index.ts'
import type { ItemSource, ProcessLog } from '../ports.ts'
import { testFormat } from './test-guest.ts'

/** Signer number n of a test; the same number is the same key. */
export function testSigner(n: number): Signer {
  return ed25519Signer(new Uint8Array(32).fill(n))
}

export const schedulerSigner = testSigner(1)
const userSigner = testSigner(2)

type Change = Partial<AssignmentStatement> & {
  readonly signer?: Signer
  /** The entry comes without its message, as after `assign`. */
  readonly assigned?: boolean
}

/** A scheduler's log in memory: real items, real signatures, a real chain. */
export class FakeLog implements ProcessLog {
  readonly entriesOf = new Map<string, LogEntry[]>()
  readonly #listeners: ((processId: string, slot: number) => void)[] = []
  readonly #slots = new Map<string, number>()
  #tail: Promise<unknown> = Promise.resolve()

  async entries(processId: string, fromSlot: number, limit: number): Promise<LogEntry[]> {
    return (this.entriesOf.get(processId) ?? []).slice(fromSlot, fromSlot + limit)
  }

  head(processId: string): number {
    return this.entriesOf.get(processId)?.length ?? 0
  }

  async slotOf(processId: string, id: string): Promise<number | undefined> {
    return this.#slots.get(`${processId}/${id}`)
  }

  processes(): Iterable<string> {
    return this.entriesOf.keys()
  }

  onScheduled(listener: (processId: string, slot: number) => void): void {
    this.#listeners.push(listener)
  }

  /** Forgets the listeners, as when a unit is gone. */
  detach(): void {
    this.#listeners.length = 0
  }

  /** Appends an item; `change` breaks a rule on purpose. Returns its slot. */
  append(processId: string, message: Item, change: Change = {}): Promise<number> {
    const done = this.#tail.then(() => this.#append(processId, message, change))
    this.#tail = done
    return done
  }

  async #append(processId: string, message: Item, change: Change): Promise<number> {
    const entries = this.entriesOf.get(processId) ?? []
    this.entriesOf.set(processId, entries)
    const last = entries.at(-1)?.assignment
    const statement: AssignmentStatement = {
      processId,
      epoch: 0,
      slot: entries.length,
      hashChain: last
        ? hashChainNext(last.item.id, last.hashChain, nodeCrypto)
        : hashChainStart(processId, nodeCrypto),
      blockHeight: 100 + entries.length,
      timestampMs: 1_700_000_000_000 + entries.length * 1000,
      messageId: message.id,
      exclude: [],
      ...change,
    }
    const signer = change.signer ?? schedulerSigner
    const item = await createItem(assignmentDraft(statement), signer, nodeCrypto)
    const assignment = readAssignment(item, nodeCrypto)
    entries.push({ assignment, message: change.assigned ? undefined : message })
    const slot = entries.length - 1
    for (const id of [message.id, item.id]) {
      const key = `${processId}/${id}`
      if (!this.#slots.has(key)) this.#slots.set(key, slot)
    }
    for (const listener of this.#listeners) listener(processId, slot)
    return slot
  }
}

/** Items in memory. */
export class FakeItems implements ItemSource {
  readonly items = new Map<string, Item>()

  async item(id: string): Promise<Item | undefined> {
    return this.items.get(id)
  }

  add(item: Item): Item {
    this.items.set(item.id, item)
    return item
  }
}

export async function testItem(
  tags: readonly Tag[],
  data: string,
  signer: Signer = userSigner,
  target?: string,
): Promise<Item> {
  const draft = { data: encodeText(data), tags, ...(target === undefined ? {} : { target }) }
  return await createItem(draft, signer, nodeCrypto)
}

export async function testModule(data = 'good', format = testFormat): Promise<Item> {
  return await testItem([{ name: 'Module-Format', value: format }], data)
}

let counter = 0

export async function testProcess(
  moduleId: string,
  data = 'boot',
  tags: readonly Tag[] = [],
): Promise<Item> {
  const own = [
    { name: 'Type', value: 'Process' },
    { name: 'Module', value: moduleId },
    { name: 'Number', value: String(counter++) },
  ]
  return await testItem([...own, ...tags], data)
}

/** A message to a process; two calls never give the same item. */
export async function testMessage(
  processId: string,
  command: unknown,
  tags: readonly Tag[] = [],
  signer: Signer = userSigner,
): Promise<Item> {
  const own = [
    { name: 'Type', value: 'Message' },
    { name: 'Number', value: String(counter++) },
  ]
  const data = typeof command === 'string' ? command : JSON.stringify(command)
  return await testItem([...own, ...tags], data, signer, processId)
}
