import { isHeddleError } from '@heddle/protocol/base'
import { type Item, tagValue } from '@heddle/protocol/item'
import { chunkRange, modelModuleFormat, modelTypes } from '@heddle/protocol/model'
import { modelCalls } from '@heddle/protocol/params'
import { calledItemInvalid, modelTooLargeForProcess, modelTooLargeToCall } from '../errors.ts'
import type { Catalog } from '../models/catalog.ts'
import { packModel } from './packing.ts'

/** Weights that a process's thread takes whole; larger models are asked over HTTP. */
const processWeightsMax = 2 ** 30
/** Chunks read at once. */
const chunksAtOnce = 8

/**
 * What a compute thread compiles for a module: of a model, its manifest with tokenizer and weights; of any
 * other, its data. `called`: the item is to be a model that evaluations call. Rejects with `model-part-
 * missing`, and with `module-…` for what is wrong with the item itself.
 */
export async function expandModel(
  module: Item,
  catalog: Catalog,
  use?: 'called',
): Promise<Uint8Array> {
  const isModel = tagValue(module.tags, 'Module-Format') === modelModuleFormat
  const isCallable = isModel && tagValue(module.tags, 'Type') === modelTypes.model
  if (!isCallable && use === 'called') {
    throw calledItemInvalid(module.id, `it has no Type Model of format ${modelModuleFormat}`)
  }
  if (!isModel) return module.data
  const { manifest } = await catalog.find(module.id).catch((error) => {
    if (!isHeddleError(error) || error.kind !== 'invalid') throw error
    throw calledItemInvalid(module.id, error.message)
  })
  const { sizeBytes } = manifest.weights
  if (use === 'called' && sizeBytes > modelCalls.weightBytesMax) {
    throw modelTooLargeToCall(sizeBytes, modelCalls.weightBytesMax)
  }
  if (sizeBytes > processWeightsMax) throw modelTooLargeForProcess(sizeBytes, processWeightsMax)
  const { tokenizer = new Uint8Array(0) } = await catalog.load(module.id)
  const weights = new Uint8Array(sizeBytes)
  const indexes = manifest.chunks.keys()
  const lane = async () => {
    for (const index of indexes) {
      const { from, to } = chunkRange(sizeBytes, index)
      const chunk = await catalog.chunk(module.id, index)
      // One that is too long would not fit; what it holds is checked by the thread.
      weights.set(chunk.subarray(0, to - from), from)
    }
  }
  await Promise.all(Array.from({ length: chunksAtOnce }, lane))
  return packModel({ manifest: module.data, tokenizer, weights })
}
