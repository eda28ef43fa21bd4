import { isId } from '@heddle/protocol/base'
import { type Item, tagValue } from '@heddle/protocol/item'
import { unknownCalledModel, unknownModule } from '../errors.ts'
import type { ExpandModule, ItemSource } from '../ports.ts'

export type { ExpandModule }

/** What is kept of a module here; its bytes are with the threads. */
export type ModuleFacts = Pick<Item, 'id' | 'owner' | 'signatureType' | 'tags'>

export type ModuleProgram = { readonly format: string; readonly bytes: Uint8Array }

/** Modules remembered without their bytes. */
const factsMax = 256

/** Finds modules by id, and checks once that they are what their id says. */
export class ModuleSource {
  readonly #items: ItemSource
  readonly #verify: (item: Item) => Promise<boolean>
  readonly #expand: ExpandModule | undefined
  readonly #facts = new Map<string, ModuleFacts>()

  constructor(items: ItemSource, verify: (item: Item) => Promise<boolean>, expand?: ExpandModule) {
    this.#items = items
    this.#verify = verify
    this.#expand = expand
  }

  /** Rejects with `unknown-module` where no intact item has this id. */
  async facts(moduleId: string, processId: string): Promise<ModuleFacts> {
    const known = this.#facts.get(moduleId)
    if (known !== undefined) return known
    const item = isId(moduleId) ? await this.#items.item(moduleId) : undefined
    if (item === undefined || item.id !== moduleId || !(await this.#verify(item))) {
      throw unknownModule(moduleId, processId)
    }
    const facts = {
      id: item.id,
      owner: item.owner.slice(),
      signatureType: item.signatureType,
      tags: item.tags,
    }
    const [oldest] = this.#facts.keys()
    if (this.#facts.size >= factsMax && oldest !== undefined) this.#facts.delete(oldest)
    this.#facts.set(moduleId, facts)
    return facts
  }

  /** What a thread compiles. Rejects with `unknown-module`. */
  async program(moduleId: string, processId: string): Promise<ModuleProgram> {
    const item = await this.#items.item(moduleId)
    if (item === undefined) throw unknownModule(moduleId, processId)
    const bytes = (await this.#expand?.(item)) ?? item.data
    return { format: tagValue(item.tags, 'Module-Format') ?? '', bytes }
  }

  /** The same of a model that a process calls. */
  async model(modelId: string, processId: string): Promise<ModuleProgram> {
    const item = await this.#items.item(modelId)
    const intact = item?.id === modelId && (await this.#verify(item))
    if (!intact) throw unknownCalledModel(modelId, processId)
    const bytes = (await this.#expand?.(item, 'called')) ?? item.data
    return { format: tagValue(item.tags, 'Module-Format') ?? '', bytes }
  }
}
