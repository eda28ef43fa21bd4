import type { CryptoEngine } from '@heddle/protocol/crypto'
import { type Item, ownerAddress, tagValue, tagValues } from '@heddle/protocol/item'
import type { LogEntry } from '@heddle/protocol/message'
import { weaveDrive } from '@heddle/protocol/params'
import { unknownItem } from '../errors.ts'
import type { ItemSource, ProcessLog } from '../ports.ts'
import { driveLogUnread } from './errors.ts'
import type { DriveRule } from './rule.ts'

export type AttestationsDependencies = {
  readonly log: Pick<ProcessLog, 'entries' | 'slotOf'>
  readonly items: ItemSource
  readonly verify: (item: Item) => Promise<boolean>
  readonly engine: CryptoEngine
}

/** Something that an attestation says may be read; `name` is an id or a block's height. */
type Attested = {
  readonly slot: number
  readonly kind: 'message' | 'available' | 'block'
  readonly name: string
  /** Of a block: its id. */
  readonly value: string
}

/** What is known of one log: everything attested below `nextSlot`. */
type Scan = {
  nextSlot: number
  count: number
  readonly found: Map<string, Attested>
  tail: Promise<unknown>
}

const pageEntries = 256
/** A thread sleeps while its answer is looked for: further behind, it is told to come again. */
const behindMax = 4096
/** Logs whose attestations are remembered; others are read again. */
const scansMax = 64

/**
 * Attestations in the logs of processes. Only what is in a process's own log counts, so every unit
 * that has the log finds the same.
 */
export class Attestations {
  readonly #dependencies: AttestationsDependencies
  readonly #scans = new Map<string, Scan>()

  constructor(dependencies: AttestationsDependencies) {
    this.#dependencies = dependencies
  }

  /**
   * The first attestation of a name, where it has a slot up to `slot`. Rejects with `unknown-item`, and with
   * `weave-drive-missing` while much of a log is still to be read.
   */
  async find(
    rule: DriveRule,
    kind: Attested['kind'],
    name: string,
    slot: number,
  ): Promise<Attested | undefined> {
    const scan = this.#scan(rule.processId)
    const done = scan.tail.then(() => this.#readUpTo(rule, scan, slot))
    scan.tail = done.catch(() => undefined)
    if (slot - scan.nextSlot > behindMax) throw driveLogUnread(rule.processId, scan.nextSlot, slot)
    await done
    const found = scan.found.get(`${kind}/${name}`)
    return found !== undefined && found.slot <= slot ? found : undefined
  }

  #scan(processId: string): Scan {
    const known = this.#scans.get(processId)
    if (known !== undefined) return known
    const [oldest] = this.#scans.keys()
    if (this.#scans.size >= scansMax && oldest !== undefined) this.#scans.delete(oldest)
    const fresh = { nextSlot: 0, count: 0, found: new Map(), tail: Promise.resolve() }
    this.#scans.set(processId, fresh)
    return fresh
  }

  async #readUpTo(rule: DriveRule, scan: Scan, slot: number): Promise<void> {
    while (scan.nextSlot <= slot && scan.count < weaveDrive.attestationsMax) {
      const limit = Math.min(pageEntries, slot + 1 - scan.nextSlot)
      const entries = await this.#dependencies.log.entries(rule.processId, scan.nextSlot, limit)
      // A dry-run may name the slot after the last.
      if (entries.length === 0) return
      for (const entry of entries) {
        await this.#take(rule, scan, entry)
        scan.nextSlot++
      }
    }
  }

  async #take(rule: DriveRule, scan: Scan, entry: LogEntry): Promise<void> {
    const { items, verify, engine } = this.#dependencies
    const { messageId, slot, processId } = entry.assignment
    const item = entry.message ?? (await items.item(messageId))
    if (item === undefined) throw unknownItem(messageId, processId, slot)
    const attested = readAttestations(item, slot)
    if (attested.length === 0) return
    if (!rule.attestors.includes(ownerAddress(item, engine))) return
    if (item.id !== messageId || !(await verify(item)))
      throw unknownItem(messageId, processId, slot)
    for (const each of attested) {
      if (scan.count >= weaveDrive.attestationsMax) return
      scan.count++
      const key = `${each.kind}/${each.name}`
      if (!scan.found.has(key)) scan.found.set(key, each)
    }
  }
}

/**
 * What an item attests by its tags, whoever signed it. A tag may be there more than once, and each counts,
 * as where the reference asks its gateway.
 */
function readAttestations({ tags }: Item, slot: number): Attested[] {
  const says = (name: string, value: string) => tagValues(tags, name).includes(value)
  const all: Attested[] = []
  const names = (kind: Attested['kind'], tag: string) =>
    all.push(...tagValues(tags, tag).map((name) => ({ slot, kind, name, value: name })))
  if (says('Type', 'Attestation') && says('Data-Protocol', 'ao')) names('message', 'Message')
  if (!says('Type', 'Available') || !says('Data-Protocol', weaveDrive.extension)) return all
  names('available', 'ID')
  const height = tagValue(tags, 'Block')
  const value = tagValue(tags, 'Block-Id')
  if (height !== undefined && value !== undefined)
    all.push({ slot, kind: 'block', name: height, value })
  return all
}
