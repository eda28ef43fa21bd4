import { type Item, type Tag, tagValue } from '@heddle/protocol/item'
import type { Clock } from '../runtime/index.ts'
import { schedulerUnplaced } from './errors.ts'
import type { MessengerOptions } from './options.ts'
import type { Peers } from './peers.ts'
import type { ItemsPort, SchedulerPort } from './ports.ts'
import type { State } from './state.ts'

/** Where a receiver is. A wallet is whatever no node knows as a process. */
export type Place =
  | { readonly kind: 'local' }
  | { readonly kind: 'remote'; readonly url: string }
  | { readonly kind: 'wallet' }

type Deps = {
  readonly scheduler: Pick<SchedulerPort, 'head'>
  readonly items: Pick<ItemsPort, 'item' | 'schedulerLocation'>
  readonly peers: Peers
  readonly state: State
  readonly clock: Clock
  readonly options: Pick<MessengerOptions, 'placeTtlMs' | 'placeTtlMaxMs' | 'placesMax'>
  /** Address of the node's key. */
  readonly address: string
  readonly publicUrl: string
}

const local: Place = { kind: 'local' }

/** Finds schedulers: of a process by id, and of an address by its Scheduler-Location item. */
export class Locator {
  readonly #deps: Deps
  /** Processes elsewhere. Wallets are not remembered: a process may come to be under any id. */
  readonly #remote = new Map<string, { url: string; expiresMs: number }>()

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /**
   * The place of a message's receiver. Throws `peers-silent` (unavailable) where it cannot be told, and
   * `scheduler-unplaced` (missing) for a process whose scheduler nobody knows. `wrote` says that the
   * receiver has itself written as a process: then it is none of the wallets, however unknown now.
   */
  async receiver(id: string, wrote: boolean): Promise<Place> {
    const { scheduler, items, peers, clock } = this.#deps
    if (scheduler.head(id) > 0) return local
    const known = this.#remote.get(id)
    if (known !== undefined && known.expiresMs > clock.nowMs()) {
      return { kind: 'remote', url: known.url }
    }
    const item = await items.item(id)
    if (item !== undefined && !isProcess(item.tags)) return { kind: 'wallet' }
    // One silent peer must not hide what another source knows; it only forbids to say "unknown".
    let silence: unknown
    const orSilence = (error: unknown): undefined => {
      silence ??= error
    }
    const host = await peers.hostOf(id).catch(orSilence)
    if (host !== undefined) return this.#remember(id, host, this.#deps.options.placeTtlMs)
    const tags = item?.tags ?? (await peers.item(id).catch(orSilence))?.tags
    if (tags === undefined || !isProcess(tags)) {
      if (silence !== undefined) throw silence
      if (wrote) throw schedulerUnplaced(id, 'not known here')
      return { kind: 'wallet' }
    }
    const address = tagValue(tags, 'Scheduler') ?? ''
    const found = await this.#announced(address).catch(orSilence)
    if (found !== undefined) return this.#remember(id, found.url, found.expiresMs - clock.nowMs())
    // A process of this node that it has not scheduled is as unplaced as one of an unknown scheduler.
    throw silence ?? schedulerUnplaced(id, address)
  }

  /**
   * Where a new process goes: to the scheduler its tag names if that has announced itself, else here,
   * since any scheduler may take any process. `inherited` is a tag known to mean this node.
   * Throws `peers-silent` where `strict` and peers that might know the scheduler did not answer.
   */
  async spawn(
    item: Pick<Item, 'id' | 'tags'>,
    inherited: string | undefined,
    strict: boolean,
  ): Promise<Place> {
    if (this.#deps.scheduler.head(item.id) > 0) return local
    const address = tagValue(item.tags, 'Scheduler') ?? ''
    if (address === '' || address === inherited || address === this.#deps.address) return local
    try {
      const found = await this.#announced(address)
      return found === undefined ? local : { kind: 'remote', url: found.url }
    } catch (error) {
      if (strict) throw error
      return local
    }
  }

  /** Forgets where a process was; called when it was not there. */
  forget(id: string): void {
    this.#remote.delete(id)
  }

  #remember(id: string, url: string, ttlMs: number): Place {
    const { clock, options } = this.#deps
    this.#remote.delete(id)
    this.#remote.set(id, { url, expiresMs: clock.nowMs() + Math.min(ttlMs, options.placeTtlMaxMs) })
    if (this.#remote.size > options.placesMax) {
      const oldest = this.#remote.keys().next().value
      if (oldest !== undefined) this.#remote.delete(oldest)
    }
    return { kind: 'remote', url }
  }

  /**
   * URL a scheduler announced, or undefined: nobody knows one, or it is this node. What was found is
   * kept in the state file: a spawn tried again after a restart must go where it went before.
   */
  async #announced(address: string): Promise<{ url: string; expiresMs: number } | undefined> {
    const { address: own, state, clock, publicUrl } = this.#deps
    if (address === '' || address === own) return undefined
    const row = state.get('SELECT url, expires_ms FROM places WHERE scheduler = ?', address)
    const before = row && { url: String(row.url), expiresMs: Number(row.expires_ms) }
    if (before !== undefined && before.expiresMs > clock.nowMs()) return before
    const tags = await this.#announcement(address).catch((error: unknown) => {
      if (before === undefined) throw error
      return undefined
    })
    const url = tags && tagValue(tags, 'Url')
    // An announcement without both tags does not count.
    const ttlMs = Number(tags && tagValue(tags, 'Time-To-Live'))
    if (url === undefined || !(ttlMs > 0)) return before
    if (originOf(url) === originOf(publicUrl)) return undefined
    const expiresMs = Math.floor(clock.nowMs() + Math.min(ttlMs, this.#deps.options.placeTtlMaxMs))
    state.write('INSERT OR REPLACE INTO places VALUES (?,?,?)', address, url, expiresMs)
    await state.durable()
    return { url, expiresMs }
  }

  /** Tags of the newest announcement, of this node's items and the peers'. */
  async #announcement(address: string): Promise<readonly Tag[] | undefined> {
    const here = await this.#deps.items.schedulerLocation(address)
    const there = await this.#deps.peers.schedulerLocation(address).catch((error: unknown) => {
      if (here === undefined) throw error
      return undefined
    })
    if (here !== undefined && here.blockHeight >= (there?.blockHeight ?? -1)) return here.item.tags
    return there?.tags ?? here?.item.tags
  }
}

function isProcess(tags: readonly Tag[]): boolean {
  return tagValue(tags, 'Type') === 'Process'
}

function originOf(url: string): string | undefined {
  return URL.parse(url)?.origin
}
