import { type Tag, type TagTable, tagTable, type WireEnvironment } from './wire.ts'

/** What an actor may know of itself. */
type ProcessInfo = {
  id: string
  /** Who may `Eval`: the parent for a process that another one spawned, else the signer. */
  owner: string
  name: string
  tags: TagTable
  tagList: readonly Tag[]
  module: { id: string; owner: string; tags: TagTable }
  /** Addresses whose word on `From-Process` counts: the messengers of this process. */
  authorities: readonly string[]
}

export const processInfo: ProcessInfo = {
  id: '',
  owner: '',
  name: '',
  tags: tagTable([]),
  tagList: [],
  module: { id: '', owner: '', tags: tagTable([]) },
  authorities: [],
}

/** No digest is below zero. */
let known = -1

/** Takes the environment over where it is not the one with this digest already: mostly it is. */
export function adoptEnvironment(digest: number, read: () => string): void {
  if (digest === known) return
  const { Process: own, Module: module }: WireEnvironment = JSON.parse(read())
  const tags = tagTable(own.Tags)
  processInfo.id = own.Id
  processInfo.owner = tags['From-Process'] ?? own.Owner
  processInfo.name = tags.Name ?? 'actor'
  processInfo.tags = tags
  processInfo.tagList = own.Tags
  processInfo.module = { id: module.Id, owner: module.Owner, tags: tagTable(module.Tags) }
  processInfo.authorities = readAuthorities(own.Tags)
  known = digest
}

/**
 * `Authority` tags, each possibly a list with commas. A process that names none trusts its
 * scheduler's key, which on a node that plays all roles is the messenger's too.
 */
export function readAuthorities(tags: readonly Tag[]): string[] {
  for (const wanted of ['Authority', 'Scheduler']) {
    const values = tags
      .filter(({ name }) => name === wanted)
      .flatMap(({ value }) => value.split(','))
    const addresses = values.map((value) => value.trim()).filter((value) => value !== '')
    if (addresses.length > 0) return addresses
  }
  return []
}
