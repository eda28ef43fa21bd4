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

/** A model without what only its loading needs: a list of many may not take their manifests' memory. */
export type ListedModel = {
  readonly id: string
  readonly item: Pick<Item, 'owner'>
  readonly manifest: Omit<ModelManifest, 'weights' | 'chunks'> & {
    readonly weights: { readonly sizeBytes: number }
  }
}

export type Catalog = {
  /** All models, oldest first, at most 1,000. Those whose manifest is malformed are left out. */
  list(): Promise<ListedModel[]>
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
/** Characters a model's name has at most. */
const nameLengthMax = 64
/** Names told to who asks for one that is not there. */
const namesTold = 10
/** Items looked at for one name: anybody can put any name into a tag. */
const claimsMax = 64
/** Manifests kept in memory, by their bytes; one of a large model takes a megabyte. */
const rememberedBytesMax = 32 * 2 ** 20

const modelTags = { Type: modelTypes.model, 'Data-Protocol': 'Heddle' }

export function createCatalog(items: KeptItems, hash: BlobHash): Catalog {
  const remembered = createMemory(rememberedBytesMax)
  /** Null where the manifest is malformed: an item never changes. */
  const listed = new Map<string, ListedModel | null>()

  const read = async (id: string): Promise<KnownModel | undefined> => {
    const known = remembered.get(id)
    if (known !== undefined) return known
    const item = await items.item(id)
    if (item === undefined || tagValue(item.tags, 'Type') !== modelTypes.model) return undefined
    return { id, item, manifest: readManifest(item.data, hash) }
  }

  const listedOf = async (id: string): Promise<ListedModel | null> => {
    const known = listed.get(id)
    if (known !== undefined) return known
    if (listed.size >= 2 * modelsMax) listed.clear()
    try {
      const model = await read(id)
      if (model === undefined) return null
      listed.set(id, withoutParts(model))
    } catch (error) {
      if (!isHeddleError(error)) {
        throw new Error(`reading model ${id}: ${errorMessage(error)}`, { cause: error })
      }
      listed.set(id, null)
    }
    return listed.get(id) ?? null
  }

  const list = async (limit = modelsMax): Promise<ListedModel[]> => {
    const found: ListedModel[] = []
    for (const id of await items.tagged(modelTags, limit)) {
      const model = await listedOf(id)
      if (model !== null) found.push(model)
    }
    return found
  }

  const findByName = async (name: string): Promise<KnownModel> => {
    const tags = { ...modelTags, Name: name }
    const claims = name.length > nameLengthMax ? [] : await items.tagged(tags, claimsMax)
    for (const id of claims) {
      const claim = await listedOf(id)
      const model = claim?.manifest.name === name ? await read(id) : undefined
      if (model !== undefined) return remembered.keep(model)
    }
    const all = await list(namesTold)
    throw unknownModel(
      name,
      all.map(({ manifest }) => manifest.name),
    )
  }

  const find = async (name: string): Promise<KnownModel> => {
    const byId = isId(name) ? await read(name) : undefined
    return byId === undefined ? findByName(name) : remembered.keep(byId)
  }

  return {
    list: () => list(),
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

/** The models used last whose manifests have so many bytes together. */
function createMemory(bytesMax: number) {
  const models = new Map<string, KnownModel>()
  let bytes = 0
  return {
    get: (id: string) => models.get(id),
    keep: (model: KnownModel): KnownModel => {
      const isNew = !models.delete(model.id)
      models.set(model.id, model)
      if (isNew) bytes += model.item.data.length
      for (const [id, { item }] of models) {
        if (bytes <= bytesMax || id === model.id) break
        models.delete(id)
        bytes -= item.data.length
      }
      return model
    },
  }
}

/** How OpenAI clients and receipts name the maker of a model. */
export function ownerOf(item: Pick<Item, 'owner'>, hash: BlobHash): string {
  return encodeBase64Url(hash.digest(item.owner))
}

function withoutParts({ id, item, manifest }: KnownModel): ListedModel {
  const { weights, chunks: _chunks, ...rest } = manifest
  const { sizeBytes } = weights
  return {
    id,
    item: { owner: Uint8Array.from(item.owner) },
    manifest: { ...rest, weights: { sizeBytes } },
  }
}
