import type { Tag } from '@heddle/protocol/item'
import type { Clock } from '../runtime/index.ts'
import { peersSilent } from './errors.ts'
import { field } from './letters.ts'
import type { Outbound } from './outbound.ts'

/** What a peer's index knows of an item. */
type Listed = {
  readonly id: string
  readonly tags: readonly Tag[]
  readonly owner: string
  readonly blockHeight: number
}

const fields = '{edges{node{id owner{address} tags{name value} block{height}}}}'
const byIds = `query($ids:[ID!]){transactions(ids:$ids)${fields}}`
const byOwner = `query($owners:[String!],$tags:[TagFilter!]){
  transactions(owners:$owners,tags:$tags,sort:HEIGHT_DESC,first:1)${fields}}`
const locationTags = [
  { name: 'Data-Protocol', values: ['ao'] },
  { name: 'Type', values: ['Scheduler-Location'] },
]

/** An item not in a block yet is newer than all that are. */
const pendingHeight = Number.MAX_SAFE_INTEGER

const announcedTtlMs = 5_000

/** Other nodes as sources of knowledge. Only all of them together can say that something is unknown. */
export class Peers {
  readonly #urls: readonly string[]
  readonly #outbound: Outbound
  readonly #announced: () => Promise<readonly string[]>
  readonly #clock: Clock
  #remembered: { readonly urls: Promise<readonly string[]>; readonly untilMs: number } | undefined

  /** `announced` gives URLs of schedulers that made themselves known: asked, but not waited for. */
  constructor(
    urls: readonly string[],
    outbound: Outbound,
    announced: () => Promise<readonly string[]>,
    clock: Clock,
  ) {
    this.#clock = clock
    this.#urls = urls.map((url) => url.replace(/\/+$/, ''))
    this.#outbound = outbound
    this.#announced = announced
  }

  /**
   * Scheduler URL of the peer that schedules a process, or undefined where all peers answered that they
   * do not. Throws `peers-silent` where one that might could not be asked. Anyone can announce a
   * scheduler, so one that was only announced is asked and its silence means nothing.
   */
  async hostOf(processId: string): Promise<string | undefined> {
    const schedulers = this.#urls.map((peer) => `${peer}/su`)
    const answers = await askAll(schedulers, (url) => this.#hosts(url, processId))
    const host = answers.found[0]
    if (host !== undefined) return host
    const announced = await this.#recentlyAnnounced()
    const others = announced.filter((url) => !schedulers.includes(url))
    const more = await askAll(others, (url) => this.#hosts(url, processId))
    if (more.found.length === 0 && answers.silent.length > 0) {
      throw peersSilent(processId, answers.silent)
    }
    return more.found[0]
  }

  /** Looked up every few seconds: it is wanted for every wallet that is written to. */
  #recentlyAnnounced(): Promise<readonly string[]> {
    const nowMs = this.#clock.elapsedMs()
    if (this.#remembered === undefined || this.#remembered.untilMs <= nowMs) {
      const urls = this.#announced().then((all) => all.map((url) => url.replace(/\/+$/, '')))
      this.#remembered = { urls, untilMs: nowMs + announcedTtlMs }
      urls.catch(() => {
        this.#remembered = undefined
      })
    }
    return this.#remembered.urls
  }

  async #hosts(url: string, processId: string): Promise<string | undefined> {
    const call = `${url}/processes/${processId}`
    const { status, json } = await this.#outbound.call(call, { method: 'GET' })
    if (status === 200 && field(json, 'process_id') === processId) return url
    // Schedulers of the reference say 400 to whatever they do not know.
    if (status === 404 || status === 400) return undefined
    throw new Error(`status ${status}`)
  }

  /** What the peers' indexes know of an item by id. Throws `peers-silent` as `hostOf`. */
  async item(id: string): Promise<Listed | undefined> {
    const answers = await askAll(this.#urls, (peer) => this.#query(peer, byIds, { ids: [id] }))
    const listed = answers.found.find((one) => one.id === id)
    if (listed === undefined && answers.silent.length > 0) throw peersSilent(id, answers.silent)
    return listed
  }

  /** Newest Scheduler-Location of an owner by height. Throws `peers-silent` as `hostOf`. */
  async schedulerLocation(owner: string): Promise<Listed | undefined> {
    const variables = { owners: [owner], tags: locationTags }
    const answers = await askAll(this.#urls, (peer) => this.#query(peer, byOwner, variables))
    const own = answers.found.filter((one) => one.owner === owner)
    const newest = own.sort((a, b) => b.blockHeight - a.blockHeight)[0]
    if (newest === undefined && answers.silent.length > 0) {
      throw peersSilent(`scheduler ${owner}`, answers.silent)
    }
    return newest
  }

  async #query(peer: string, query: string, variables: unknown): Promise<Listed | undefined> {
    const { status, json } = await this.#outbound.call(`${peer}/graphql`, {
      method: 'POST',
      body: JSON.stringify({ query, variables }),
      contentType: 'application/json',
    })
    const edges = field(field(field(json, 'data'), 'transactions'), 'edges')
    if (status !== 200 || !Array.isArray(edges)) throw new Error(`status ${status}, no edges`)
    return edges.length === 0 ? undefined : readNode(field(edges[0], 'node'))
  }
}

/** Asks all at once. A URL whose answer is no answer is silent. */
async function askAll<T>(
  urls: readonly string[],
  ask: (url: string) => Promise<T | undefined>,
): Promise<{ found: T[]; silent: string[] }> {
  const found: T[] = []
  const silent: string[] = []
  await Promise.all(
    urls.map(async (url) => {
      try {
        const answer = await ask(url)
        if (answer !== undefined) found.push(answer)
      } catch {
        silent.push(url)
      }
    }),
  )
  return { found, silent }
}

/** A node of a peer's answer; throws where it is out of form. */
function readNode(node: unknown): Listed {
  const id = field(node, 'id')
  const tags = field(node, 'tags')
  if (typeof id !== 'string' || !Array.isArray(tags)) throw new Error('a node without id or tags')
  const owner = field(field(node, 'owner'), 'address')
  const height = field(field(node, 'block'), 'height')
  return {
    id,
    owner: typeof owner === 'string' ? owner : '',
    blockHeight: typeof height === 'number' ? height : pendingHeight,
    tags: tags.map((tag) => ({
      name: String(field(tag, 'name')),
      value: String(field(tag, 'value')),
    })),
  }
}
