import { concatBytes, encodeBase64Url, HeddleError } from '@heddle/protocol/base'
import { type Item, tagValue } from '@heddle/protocol/item'
import { type BlobHash, portableBlake3, portableSha256 } from '@heddle/protocol/merkle'
import {
  type ChatFormat,
  type ChunkList,
  checkChunk,
  checkManifestShape,
  chunkCount,
  chunkRange,
  chunkRoot,
  inspectModelFile,
  type ModelManifest,
  manifestMismatch,
  modelModuleFormat,
  modelTypes,
  readManifest,
  tokenizerHashMismatch,
  writeManifest,
} from '@heddle/protocol/model'
import type { Client } from './client.ts'
import { findChunks, modelHolder } from './model-chunks.ts'

/** A file of weights, wherever it lies. */
export type WeightFile = {
  readonly sizeBytes: number
  /** Bytes `from` up to `to`, which is not included. */
  read(from: number, to: number): Promise<Uint8Array>
}

/** How far adding or checking a model is. */
export type ModelProgress = {
  readonly phase: 'hashing' | 'sending' | 'checking'
  readonly doneBytes: number
  readonly ofBytes: number
}

/** What work on a model goes with. */
export type ModelWork = {
  /** Hears how far it is. */
  readonly onProgress?: ((progress: ModelProgress) => void) | undefined
  /** SHA-256; the portable one unless told. */
  readonly hash?: BlobHash
  /** BLAKE3 of chunks; the portable one unless told. */
  readonly chunkHash?: BlobHash
  readonly signal?: AbortSignal
}

/** A model to be kept: its weights, and how it is to be run. */
export type ModelInput = ModelWork & {
  readonly name: string
  readonly file: WeightFile
  /** File of the tokenizer; llama2.c checkpoints need one, GGUF files have their own. */
  readonly tokenizer?: Uint8Array
  /** Numbers its weights are run in; `int8` unless told. */
  readonly precision?: ModelManifest['precision']
  /** Weights that share one scale; 32 unless told. */
  readonly group?: number
  /** How a conversation is written for it; `plain` unless told. */
  readonly chat?: ChatFormat
  readonly licence?: string
  /** Ids of the items it came from: its dataset, the run that trained it. */
  readonly derivedFrom?: readonly string[]
}

/** A model that is kept whole. */
export type AddedModel = {
  /** Id of its manifest: the model's name everywhere. */
  readonly id: string
  /** Root of the hashes of its chunks, base64url. */
  readonly root: string
  readonly chunks: number
  /** Chunks that were not kept there already. */
  readonly sentChunks: number
}

const protocolTag = { name: 'Data-Protocol', value: 'Heddle' }

/**
 * Keeps a model: its weights as items of 256 KiB, its tokenizer, its manifest last, so that a model that can
 * be seen is whole. Interrupted, it goes on where it was when called again with the same key. Rejects with
 * what is wrong with the file, or what the node refuses.
 */
export async function addModel(client: Client, input: ModelInput): Promise<AddedModel> {
  const { file, hash = portableSha256, chunkHash = portableBlake3, tokenizer } = input
  const count = chunkCount(file.sizeBytes)
  const readStart = (length: number) => file.read(0, length)
  const { format, shape } = await inspectModelFile(readStart, file.sizeBytes, tokenizer)
  if (format === 'llama2c' && tokenizer === undefined) throw tokenizerNeeded(input.name)
  const weights = await hashChunks(input, count, chunkHash)
  const { ids, sentChunks } = await sendChunks(client, input, weights)
  const root = encodeBase64Url(chunkRoot(weights, chunkHash))
  const isApart = format === 'llama2c' && tokenizer !== undefined
  const tokenizerPart = isApart
    ? {
        tokenizerHash: encodeBase64Url(hash.digest(tokenizer)),
        tokenizerItem: await sendTokenizer(client, tokenizer, input.signal),
      }
    : { tokenizerHash: root }
  const manifest: ModelManifest = {
    version: chunkHash.id === portableBlake3.id ? 2 : 1,
    name: input.name,
    format,
    precision: input.precision ?? 'int8',
    group: input.group ?? 32,
    shape,
    root,
    weights,
    chunks: ids,
    ...tokenizerPart,
    chat: input.chat ?? 'plain',
    licence: input.licence ?? '',
    derivedFrom: input.derivedFrom ?? [],
  }
  // Read again as every reader will: a manifest nobody could read must not be kept.
  const data = writeManifest(manifest)
  readManifest(data, chunkHash)
  const id = await client.upload({ data, tags: modelTags(manifest), ...withSignal(input.signal) })
  return { id, root, chunks: count, sentChunks }
}

/** Bytes of a chunk's item less than a manifest may claim are checked against the manifest. */
export async function fetchChunk(
  client: Client,
  manifest: ModelManifest,
  index: number,
  work: ModelWork = {},
): Promise<Uint8Array> {
  const answer = await client.transport.get(`/raw/${manifest.chunks[index]}`, work.signal)
  checkChunk(manifest.weights, index, answer.body, hashFor(manifest.weights, work))
  return answer.body
}

function hashFor(
  { hashId = portableSha256.id }: ChunkList,
  { hash = portableSha256, chunkHash = portableBlake3 }: ModelWork,
): BlobHash {
  return hashId === chunkHash.id ? chunkHash : hash
}

/** A model's item and what it says, signature and root checked. Rejects with `model-unknown`. */
export async function fetchModel(
  client: Client,
  id: string,
  work: ModelWork = {},
): Promise<{ readonly item: Item; readonly manifest: ModelManifest }> {
  const { hash = portableSha256, signal } = work
  const item = await client.item(id, signal)
  if (tagValue(item.tags, 'Type') !== modelTypes.model) {
    const text = `item ${id} is not a model: it lacks the tag Type: Model`
    throw new HeddleError('model-unknown', 'invalid', text, { id })
  }
  return { item, manifest: readManifest(item.data, hash) }
}

/**
 * Fetches every chunk of a model and its tokenizer and checks them, and that they are what the manifest says.
 * Rejects with `chunk-damaged`, naming the first, `tokenizer-hash-mismatch`, `tokenizer-invalid`,
 * `manifest-mismatch`.
 */
export async function verifyModel(
  client: Client,
  id: string,
  work: ModelWork = {},
): Promise<ModelManifest> {
  const { manifest } = await fetchModel(client, id, work)
  const { sizeBytes } = manifest.weights
  await forEachChunk(manifest.chunks.length, async (index) => {
    await fetchChunk(client, manifest, index, work)
    report(work, 'checking', chunkRange(sizeBytes, index).to, sizeBytes)
  })
  await checkFile(client, manifest, work)
  return manifest
}

/** The file of a llama2.c checkpoint's tokenizer; a GGUF file has its own. */
async function fetchTokenizer(
  client: Client,
  { name, format, tokenizerItem }: ModelManifest,
  { signal }: ModelWork,
): Promise<Uint8Array | undefined> {
  if (format === 'gguf') return undefined
  if (tokenizerItem === undefined) throw tokenizerNeeded(name)
  return (await client.transport.get(`/raw/${tokenizerItem}`, signal)).body
}

/** Right chunks may still be of a file that is not what the manifest says, or lack their tokenizer. */
async function checkFile(client: Client, manifest: ModelManifest, work: ModelWork): Promise<void> {
  const { weights, tokenizerHash } = manifest
  const tokenizer = await fetchTokenizer(client, manifest, work)
  const { hash = portableSha256 } = work
  const actual = tokenizer === undefined ? manifest.root : encodeBase64Url(hash.digest(tokenizer))
  if (actual !== tokenizerHash) throw tokenizerHashMismatch(tokenizerHash, actual)
  const readStart = async (length: number) => {
    const parts = Array.from({ length: chunkCount(length) }, (_, index) =>
      fetchChunk(client, manifest, index, work),
    )
    return concatBytes(await Promise.all(parts)).subarray(0, length)
  }
  const found = await inspectModelFile(readStart, weights.sizeBytes, tokenizer)
  if (found.format !== manifest.format) {
    throw manifestMismatch('format', manifest.format, found.format)
  }
  checkManifestShape(manifest.shape, found.shape)
}

async function hashChunks(
  { file, onProgress, signal }: ModelInput,
  count: number,
  hash: BlobHash,
): Promise<ChunkList> {
  const { sizeBytes } = file
  const leaves = new Uint8Array(count * 32)
  for (let index = 0; index < count; index++) {
    signal?.throwIfAborted()
    const { from, to } = chunkRange(sizeBytes, index)
    leaves.set(hash.digest(await file.read(from, to)), index * 32)
    report({ onProgress }, 'hashing', to, sizeBytes)
  }
  return { sizeBytes, leaves, hashId: hash.id }
}

async function sendChunks(
  client: Client,
  { file, onProgress, signal }: ModelInput,
  weights: ChunkList,
): Promise<{ readonly ids: string[]; readonly sentChunks: number }> {
  const count = chunkCount(weights.sizeBytes)
  const digests = Array.from({ length: count }, (_, i) =>
    encodeBase64Url(weights.leaves.subarray(i * 32, i * 32 + 32)),
  )
  const kept = await findChunks(client, digests, signal)
  const ids: string[] = []
  let sentChunks = 0
  await forEachChunk(count, async (index) => {
    const digest = digests[index] ?? ''
    const { from, to } = chunkRange(weights.sizeBytes, index)
    let id = kept.get(digest)
    if (id === undefined) {
      const tags = [
        protocolTag,
        { name: 'Type', value: modelTypes.chunk },
        { name: 'Chunk-Digest', value: digest },
      ]
      id = await client.upload({ data: await file.read(from, to), tags, ...withSignal(signal) })
      sentChunks += 1
    }
    ids[index] = id
    report({ onProgress }, 'sending', to, weights.sizeBytes)
  })
  return { ids, sentChunks }
}

/** Chunks under way at once: they share trips to the disk. */
const chunksAtOnce = 8

/** Nothing is under way any more when this settles: what was sent is kept, and a second try finds it. */
async function forEachChunk(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  let failure: { readonly error: unknown } | undefined
  const lane = async () => {
    while (next < count && failure === undefined) {
      await work(next++).catch((error) => {
        failure ??= { error }
      })
    }
  }
  await Promise.all(Array.from({ length: Math.min(chunksAtOnce, count) }, lane))
  if (failure !== undefined) throw failure.error
}

function sendTokenizer(client: Client, data: Uint8Array, signal?: AbortSignal): Promise<string> {
  const tags = [protocolTag, { name: 'Type', value: modelTypes.tokenizer }]
  return client.upload({ data, tags, ...withSignal(signal) })
}

function modelTags({ name, root, tokenizerHash, licence, derivedFrom }: ModelManifest) {
  return [
    protocolTag,
    { name: 'Type', value: modelTypes.model },
    { name: 'Content-Type', value: 'application/json' },
    { name: 'Name', value: name },
    { name: 'Model-Root', value: root },
    { name: 'Tokenizer', value: tokenizerHash },
    { name: 'Module-Format', value: modelModuleFormat },
    { name: 'Memory-Limit', value: modelHolder.memoryLimit },
    ...(licence === '' ? [] : [{ name: 'Licence', value: licence }]),
    ...derivedFrom.slice(0, modelHolder.parentTagsMax).map((value) => ({
      name: 'Derived-From',
      value,
    })),
  ]
}

function report(
  { onProgress }: ModelWork,
  phase: ModelProgress['phase'],
  done: number,
  of: number,
) {
  onProgress?.({ phase, doneBytes: done, ofBytes: of })
}

function withSignal(signal?: AbortSignal) {
  return signal === undefined ? {} : { signal }
}

function tokenizerNeeded(name: string): HeddleError {
  const text = `model ${name} is a llama2.c checkpoint: give the file of its tokenizer too`
  return new HeddleError('tokenizer-missing', 'invalid', text, { name })
}
