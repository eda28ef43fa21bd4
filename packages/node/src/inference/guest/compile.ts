import { chunkBytes, modelModuleFormat, readManifest } from '@heddle/protocol/model'
import { createRuntime, nodeCrypto } from '../../runtime/index.ts'
import type { LoadedModel } from '../answer/answer.ts'
import { modelMemoryLimit, packedModelInvalid } from '../errors.ts'
import { checkedChunk, chunkSource } from '../models/chunk-source.ts'
import { chunkHash, openModel, sha256Hash } from '../models/open.ts'
import { memoryBytesLimit } from '../options.ts'
import { type CallableModel, createCallable } from './callable.ts'
import { createModelGuest, type ModelGuest } from './guest.ts'
import { createLiveAnswers, sessionsMax } from './live-answers.ts'
import type { GuestImage } from './memory-image.ts'
import { neverRuns } from './never-runs.ts'
import { unpackModel } from './packing.ts'
import { stateBytes } from './state.ts'

/** A model as compute's port for modules has it (`compute/guest/ports.ts`). */
export type ModelModule = {
  readonly format: string
  /** Weights, scratch and caches, bytes. */
  readonly heldBytes: number
  readonly callable: CallableModel
  instantiate(options: {
    readonly memoryBytes: number
    readonly image?: GuestImage | undefined
  }): Promise<ModelGuest>
}

/** Positions of an answer in a process. A network rule: it decides where an answer ends. */
const processContextTokens = 2048

const { sha256 } = nodeCrypto

/**
 * Loads a packed model, each chunk checked; one engine serves all its processes on a thread. Throws codes
 * `module-…` for what can never run.
 */
export async function compileModule(bytes: Uint8Array): Promise<ModelModule> {
  const packed = unpackModel(bytes)
  const manifest = readManifest(packed.manifest.slice(), chunkHash)
  const model = await load(packed.weights, packed.tokenizer, manifest).catch((error) => {
    throw neverRuns(error)
  })
  const live = createLiveAnswers(model, sha256)
  let guests = 0
  return {
    format: modelModuleFormat,
    heldBytes: model.engine.memoryBytes,
    callable: createCallable(model, manifest.chat, sha256),
    instantiate: async ({ memoryBytes, image }) => {
      const needed = model.engine.memoryBytes + stateBytes
      if (needed > memoryBytes) throw modelMemoryLimit(needed, memoryBytes)
      if (image !== undefined && image.byteLength !== stateBytes) {
        throw packedModelInvalid(`its memory has ${image.byteLength} bytes, not ${stateBytes}`)
      }
      const key = String(guests++)
      const { name, chat } = manifest
      return createModelGuest({ model, chat, name, live, key, sha256 }, image)
    },
  }
}

function load(
  weights: Uint8Array,
  tokenizer: Uint8Array,
  manifest: ReturnType<typeof readManifest>,
): Promise<LoadedModel> {
  const list = manifest.weights
  const hash = sha256Hash(sha256)
  const source = chunkSource(list, async (index) => {
    const bytes = weights.subarray(index * chunkBytes, (index + 1) * chunkBytes)
    return checkedChunk(list, index, bytes, hash)
  })
  const ports = { disk: createRuntime().disk, crypto: nodeCrypto }
  return openModel({ manifest, source, tokenizer }, ports, {
    memoryBytesMax: memoryBytesLimit,
    contextTokensMax: processContextTokens,
    sessionsMax,
  })
}
