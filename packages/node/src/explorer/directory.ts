import type { ProcessFacts, ProcessPage, ProcessRow, ProcessSort } from '@heddle/protocol/api'
import { ownerAddress, tagValue } from '@heddle/protocol/item'
import { explorerLimits } from './options.ts'
import type { ExplorerDeps } from './ports.ts'

type DirectoryDeps = Pick<ExplorerDeps, 'log' | 'results' | 'runtime' | 'engine' | 'onFault'>

type Listing = { readonly key: string; readonly untilMs: number; readonly at: readonly number[] }

/** Every process hosted here by name, owner and module. Names are read once somebody asks. */
export class Directory {
  readonly #deps: DirectoryDeps
  readonly #facts = new Map<string, ProcessFacts>()
  /** Equal owners and modules share one string. */
  readonly #shared = new Map<string, string>()
  #ids: string[] = []
  #naming: Promise<void> | undefined
  #listing: Listing | undefined
  #closed = false

  constructor(deps: DirectoryDeps) {
    this.#deps = deps
  }

  close(): void {
    this.#closed = true
  }

  async page(from: number, limit: number, search: string, sort: ProcessSort): Promise<ProcessPage> {
    if (search !== '') this.#nameAll()
    const order = this.#order(search.toLowerCase(), sort)
    const rows = await Promise.all(order.slice(from, from + limit).map((at) => this.#row(at)))
    return { total: order.length, named: this.#facts.size, rows }
  }

  async facts(processId: string): Promise<ProcessFacts | undefined> {
    const known = this.#facts.get(processId)
    if (known !== undefined || this.#deps.log.head(processId) === 0) return known
    const [entry] = await this.#deps.log.entries(processId, 0, 1)
    const item = entry?.message
    if (entry === undefined || item === undefined) return undefined
    const parent = tagValue(item.tags, 'From-Process')
    const made: ProcessFacts = {
      name: (tagValue(item.tags, 'Name') ?? '').slice(0, explorerLimits.searchLength),
      owner: this.#share(ownerAddress(item, this.#deps.engine)),
      module: this.#share(tagValue(item.tags, 'Module') ?? ''),
      spawnedMs: entry.assignment.timestampMs,
      ...(parent === undefined ? {} : { parent: this.#share(parent) }),
    }
    this.#facts.set(processId, made)
    return made
  }

  async #row(at: number): Promise<ProcessRow> {
    const { log, results } = this.#deps
    const id = this.#ids[at] ?? ''
    const unread = { name: '', owner: '', module: '', spawnedMs: 0 }
    const facts = (await this.facts(id)) ?? unread
    return { ...facts, id, at, slots: log.head(id), evaluated: results.evaluatedHead(id) }
  }

  /** Places of the processes that match, sorted; the same answer for a short while. */
  #order(search: string, sort: ProcessSort): readonly number[] {
    const nowMs = this.#deps.runtime.clock.elapsedMs()
    const key = `${sort} ${search}`
    if (this.#listing?.key === key && nowMs < this.#listing.untilMs) return this.#listing.at
    this.#ids = [...this.#deps.log.processes()]
    const at = this.#sorted(this.#matching(search), sort)
    this.#listing = { key, at, untilMs: nowMs + explorerLimits.listReuseMs }
    return at
  }

  #matching(search: string): number[] {
    const found: number[] = []
    this.#ids.forEach((id, at) => {
      if (search === '' || this.#matches(id, search)) found.push(at)
    })
    return found
  }

  #matches(id: string, search: string): boolean {
    const facts = this.#facts.get(id)
    const texts = facts === undefined ? [id] : [id, facts.name, facts.owner, facts.module]
    return texts.some((text) => text.toLowerCase().includes(search))
  }

  #sorted(found: number[], sort: ProcessSort): number[] {
    if (sort === 'oldest') return found
    if (sort === 'newest') return found.reverse()
    const { log, results } = this.#deps
    const weights = found.map((at): readonly [at: number, weight: number] => {
      const id = this.#ids[at] ?? ''
      const slots = log.head(id)
      return [at, sort === 'busiest' ? slots : slots - results.evaluatedHead(id)]
    })
    return weights.sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([at]) => at)
  }

  /** Reads the names that are missing, a few at a time, behind the scenes. */
  #nameAll(): void {
    if (this.#naming !== undefined) return
    const all = [...this.#deps.log.processes()]
    if (this.#facts.size >= all.length) return
    this.#naming = this.#name(all)
      .catch((error) => this.#deps.onFault('names of processes could not be read', error))
      .finally(() => {
        this.#naming = undefined
        this.#listing = undefined
      })
  }

  async #name(ids: readonly string[]): Promise<void> {
    const { timer } = this.#deps.runtime
    const missing = ids.filter((id) => !this.#facts.has(id))
    for (let at = 0; at < missing.length && !this.#closed; at += explorerLimits.namesAtOnce) {
      const some = missing.slice(at, at + explorerLimits.namesAtOnce)
      await Promise.all(some.map((id) => this.facts(id)))
      await timer.sleep(0)
    }
  }

  #share(text: string): string {
    const known = this.#shared.get(text)
    if (known === undefined) this.#shared.set(text, text)
    return known ?? text
  }
}
