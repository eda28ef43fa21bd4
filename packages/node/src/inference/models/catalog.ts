import { encodeBase64Url, errorMessage, isHeddleError, isId } from '@heddle/protocol/base'
import { type Item, tagValue } from '@heddle/protocol/item'
import type { BlobHash } from '@heddle/protocol/merkle'
import { type ModelManifest, modelTypes, readManifest } from '@heddle/protocol/model'
import { modelPartMissing, unknownModel } from '../errors.ts'
import type { KeptItems } from '../ports.ts'
import type { LoadInput } from '../service/thread.ts'
import { checkedChunk } from './chunk-source.ts'

/** A model that is kept here: the id of its item, and what it says. */
export type KnownModel = {
  readonly id: string
  readonly item: Item
  readonly manifest: ModelManifest
}

export type Catalog = {
  /** All models, oldest first. Those whose manifest is malformed are left out. */
  list(): Promise<KnownModel[]>
  /** By id, or by name: of equal names the oldest, so that nobody takes one over. Rejects `unknown-model`. */
  find(name: string): Promise<KnownModel>
  /** What a thread loads. */
  load(id: string): Promise<LoadInput>
  /**
   * Bytes of a chunk, checked: by who reads them, since the thread that packs them has more to do.
   * Rejects with `chunk-damaged` and `model-part-missing`.
   */
  chunk(id: string, index: number): Promise<Uint8Array>
}

const modelsMax = 1000
/** Manifests kept in memory; one of a large model takes a megabyte. */
const rememberedMax = 64

export function createCatalog(items: KeptItems, hash: BlobHash): Catalog {
  const remembered = new Map<string, KnownModel>()

  const read = async (id: string): Promise<KnownModel | undefined> => {
    const known = remembered.get(id)
    if (known !== undefined) return known
    const item = await items.item(id)
    if (item === undefined || tagValue(item.tags, 'Type') !== modelTypes.model) return undefined
    const model = { id, item, manifest: readManifest(item.data, hash) }
    const [oldest] = remembered.keys()
    if (remembered.size >= rememberedMax && oldest !== undefined) remembered.delete(oldest)
    remembered.set(id, model)
    return model
  }

  const tolerant = (id: string) =>
    read(id).catch((error) => {
      if (isHeddleError(error)) return undefined
      throw new Error(`reading model ${id}: ${errorMessage(error)}`, { cause: error })
    })

  const list = async (): Promise<KnownModel[]> => {
    const tags = { Type: modelTypes.model, 'Data-Protocol': 'Heddle' }
    const found: KnownModel[] = []
    for (const id of await items.tagged(tags, modelsMax)) {
      const model = await tolerant(id)
      if (model !== undefined) found.push(model)
    }
    return found
  }

  const find = async (name: string): Promise<KnownModel> => {
    const byId = isId(name) ? await read(name) : undefined
    if (byId !== undefined) return byId
    const all = await list()
    const byName = all.find(({ manifest }) => manifest.name === name)
    if (byName === undefined)
      throw unknownModel(
        name,
        all.map(({ manifest }) => manifest.name),
      )
    return byName
  }

  return {
    list,
    find,
    load: async (id) => {
      const { manifest } = await find(id)
      const { tokenizerItem } = manifest
      const file = tokenizerItem === undefined ? undefined : await items.item(tokenizerItem)
      if (tokenizerItem !== undefined && file === undefined) {
        throw modelPartMissing('the tokenizer', tokenizerItem)
      }
      return { manifest, tokenizer: file && new Uint8Array(file.data) }
    },
    chunk: async (id, index) => {
      const { manifest } = await find(id)
      const chunkId = manifest.chunks[index] ?? ''
      const chunk = await items.item(chunkId)
      if (chunk === undefined) throw modelPartMissing(`chunk ${index}`, chunkId)
      return checkedChunk(manifest.weights, index, chunk.data, hash)
    },
  }
}

/** How OpenAI clients and receipts name the maker of a model. */
export function ownerOf(item: Item, hash: BlobHash): string {
  return encodeBase64Url(hash.digest(item.owner))
}
