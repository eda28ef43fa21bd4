import { encodeBase64Url } from '@heddle/protocol/base'
import { type BlobHash, hashIds, portableBlake3 } from '@heddle/protocol/merkle'
import {
  checkManifestShape,
  type ModelLayout,
  type ModelManifest,
  readLlama2cTokenizer,
  type Tokenizer,
  tokenizerHashMismatch,
} from '@heddle/protocol/model'
import { blake3 } from '../../runtime/index.ts'
import type { LoadedModel } from '../answer/answer.ts'
import { loadEngine } from '../engine.ts'
import { tokenizerMissing } from '../errors.ts'
import { openGguf } from '../load/gguf.ts'
import { openLlama2c } from '../load/llama2c.ts'
import type { InferenceOptions } from '../options.ts'
import type { InferencePorts, WeightSource } from '../ports.ts'

export type ModelParts = {
  readonly manifest: ModelManifest
  /** Weights whose chunks are verified; see `chunkSource`. */
  readonly source: WeightSource
  /** The tokenizer's file, where the manifest names one. */
  readonly tokenizer?: Uint8Array | undefined
  readonly onBytes?: (bytes: number) => void
}

/** Only what an answer does not depend on: how many at once, how long, how much memory. */
export type ModelRoom = Pick<InferenceOptions, 'sessionsMax' | 'memoryBytesMax'> & {
  readonly contextTokensMax: number
}

export function sha256Hash(sha256: (bytes: Uint8Array) => Uint8Array): BlobHash {
  return { id: hashIds.sha256, digest: sha256 }
}

/** What chunks of models are hashed with: native where this machine has it. */
export const chunkHash: BlobHash =
  blake3 === undefined ? portableBlake3 : { id: hashIds.blake3, digest: blake3 }

/**
 * Loads the model of a manifest. Throws `tokenizer-hash-mismatch`, `manifest-mismatch` where the file is
 * another than the manifest describes, `chunk-damaged`, and all that `loadEngine` throws.
 */
export async function openModel(
  { manifest, source, tokenizer: tokenizerFile, onBytes }: ModelParts,
  ports: InferencePorts,
  room: ModelRoom,
): Promise<LoadedModel> {
  const { layout, tokenizer } = await openFile(manifest, source, tokenizerFile, ports)
  checkManifestShape(manifest.shape, layout.shape)
  const input = { layout, source, tokenizer, ...(onBytes === undefined ? {} : { onBytes }) }
  const engine = await loadEngine(input, ports, {
    precision: manifest.precision,
    group: manifest.group,
    contextTokens: Math.min(manifest.shape.context, room.contextTokensMax),
    sessionsMax: room.sessionsMax,
    memoryBytesMax: room.memoryBytesMax,
  })
  return { engine, manifest }
}

type OpenedFile = { readonly layout: ModelLayout; readonly tokenizer: Tokenizer }

async function openFile(
  manifest: ModelManifest,
  source: WeightSource,
  file: Uint8Array | undefined,
  { crypto }: InferencePorts,
): Promise<OpenedFile> {
  if (manifest.format === 'gguf') {
    // The tokenizer is in the weights, so that their root names it too.
    checkTokenizerHash(manifest.tokenizerHash, manifest.root)
    return await openGguf(source)
  }
  if (file === undefined) throw tokenizerMissing(manifest.name)
  checkTokenizerHash(manifest.tokenizerHash, encodeBase64Url(crypto.sha256(file)))
  const layout = await openLlama2c(source)
  return { layout, tokenizer: readLlama2cTokenizer(file, layout.shape.vocab) }
}

function checkTokenizerHash(stated: string, actual: string): void {
  if (stated !== actual) throw tokenizerHashMismatch(stated, actual)
}
