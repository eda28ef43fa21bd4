import { decodeTextStrict, encodeBase64Url, encodeText, HeddleError, isId } from '../base/index.ts'
import { type BlobHash, hashIds } from '../merkle/index.ts'
import { type ChatFormat, chatFormats } from './chat.ts'
import { type ChunkList, checkChunkRoot, chunkCount, readLeaves } from './chunks.ts'
import { manifestInvalid, manifestMismatch } from './errors.ts'
import { checkShape, type ModelShape } from './shape.ts'

/** Layouts of weight files. */
export type ModelFormat = 'llama2c' | 'gguf'

/**
 * What a model is. Weights, precision, group and tokenizer decide every answer; the rest says where they
 * are and whose they are. A manifest is the data of an item, and `chunks` are ids of items too.
 */
export type ModelManifest = {
  /** 1: chunks are hashed with SHA-256; 2: with BLAKE3 (`weights.hashId`). */
  readonly version: 1 | 2
  readonly name: string
  readonly format: ModelFormat
  readonly precision: 'f32' | 'int8'
  readonly group: number
  readonly shape: ModelShape
  /** Root of the weights: see `chunkRoot`. */
  readonly root: string
  readonly weights: ChunkList
  /** Ids of the items that hold the chunks, in order. */
  readonly chunks: readonly string[]
  /** SHA-256 of the tokenizer's file; the root where it is part of the weights (GGUF). */
  readonly tokenizerHash: string
  /** Item of the tokenizer's file; absent where it is part of the weights. */
  readonly tokenizerItem?: string
  readonly chat: ChatFormat
  readonly licence: string
  /** Items this model was made from. */
  readonly derivedFrom: readonly string[]
}

/** Tags by which a model's items are found. */
export const modelTypes = { model: 'Model', chunk: 'Model-Chunk', tokenizer: 'Tokenizer' } as const

/** `Module-Format` of a model's item: a process of it answers messages by inference. */
export const modelModuleFormat = 'heddle-model1'

/** A manifest of the largest model takes some 1.5 MB. */
export const manifestBytesMax = 4 * 1024 * 1024
const namePattern = /^[\w][\w.:/-]{0,63}$/
const licenceLength = 200
const parentsMax = 64

/** Canonical bytes: JSON with its fields in this order. */
export function writeManifest(manifest: ModelManifest): Uint8Array {
  const { weights, shape } = manifest
  const { dim, hidden, layers, heads, kvHeads, headDim, vocab, context, tied } = shape
  const { epsilon, ropeBase } = shape
  const sizes = { dim, hidden, layers, heads, kvHeads, headDim, vocab, context, tied }
  const { tokenizerItem } = manifest
  const text = JSON.stringify({
    version: manifest.version,
    name: manifest.name,
    format: manifest.format,
    precision: manifest.precision,
    group: manifest.group,
    shape: { ...sizes, epsilon, ropeBase },
    root: manifest.root,
    sizeBytes: weights.sizeBytes,
    leaves: encodeBase64Url(weights.leaves),
    chunks: manifest.chunks,
    tokenizerHash: manifest.tokenizerHash,
    ...(tokenizerItem === undefined ? {} : { tokenizerItem }),
    chat: manifest.chat,
    licence: manifest.licence,
    derivedFrom: manifest.derivedFrom,
  })
  return encodeText(text)
}

type Fields = Readonly<Record<string, unknown>>

function readFields(bytes: Uint8Array): Fields {
  if (bytes.length > manifestBytesMax) {
    throw manifestInvalid(`${bytes.length} bytes, at most ${manifestBytesMax} are read`)
  }
  try {
    const value: unknown = JSON.parse(decodeTextStrict(bytes) ?? '')
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  } catch {
    // told below
  }
  throw manifestInvalid('it is not a JSON object')
}

function oneOf<T extends string>(fields: Fields, name: string, allowed: readonly T[]): T {
  const value = allowed.find((each) => each === fields[name])
  if (value !== undefined) return value
  throw manifestInvalid(`${name} must be one of ${allowed.join(', ')}`)
}

function idsOf(fields: Fields, name: string, most: number): string[] {
  const value = fields[name]
  const fits = Array.isArray(value) && value.length <= most
  if (fits && value.every((id) => typeof id === 'string' && isId(id))) return value as string[]
  throw manifestInvalid(`${name} must be a list of at most ${most} ids`)
}

function textOf(fields: Fields, name: string, pattern: RegExp): string {
  const value = fields[name]
  if (typeof value === 'string' && pattern.test(value)) return value
  throw manifestInvalid(`${name} must match ${pattern.source}`)
}

function readShape(fields: Fields): ModelShape {
  const given = fields.shape
  if (typeof given !== 'object' || given === null) throw manifestInvalid('it has no shape')
  const shape = { ...(given as ModelShape) }
  if (typeof shape.tied !== 'boolean') throw manifestInvalid('shape.tied must be true or false')
  try {
    return checkShape(shape)
  } catch (error) {
    if (error instanceof HeddleError) throw manifestInvalid(error.message)
    throw error
  }
}

/**
 * Reads a manifest and checks that its chunks lead to its root. Throws `manifest-invalid`, `model-invalid`
 * or `model-root-mismatch`.
 */
export function readManifest(bytes: Uint8Array, hash: BlobHash): ModelManifest {
  const fields = readFields(bytes)
  const { version } = fields
  if (version !== 1 && version !== 2) throw manifestInvalid('its version is not 1 or 2')
  const sizeBytes = Number(fields.sizeBytes)
  const count = chunkCount(sizeBytes)
  const leaves = readLeaves(String(fields.leaves), count)
  if (leaves === undefined) throw manifestInvalid(`leaves must be ${count} digests`)
  const list = { sizeBytes, leaves }
  const weights = version === 1 ? list : { ...list, hashId: hashIds.blake3 }
  const root = textOf(fields, 'root', /^[\w-]{43}$/)
  checkChunkRoot(weights, root, hash)
  const chunks = idsOf(fields, 'chunks', count)
  if (chunks.length !== count) throw manifestInvalid(`${chunks.length} chunks, not ${count}`)
  const group = Number(fields.group)
  if (!(Number.isInteger(group) && group >= 32 && group <= 1024 && group % 32 === 0)) {
    throw manifestInvalid('group must be from 32 to 1024 in steps of 32')
  }
  const item = fields.tokenizerItem
  return {
    version,
    name: textOf(fields, 'name', namePattern),
    format: oneOf(fields, 'format', ['llama2c', 'gguf']),
    precision: oneOf(fields, 'precision', ['f32', 'int8']),
    group,
    shape: readShape(fields),
    root,
    weights,
    chunks,
    tokenizerHash: textOf(fields, 'tokenizerHash', /^[\w-]{43}$/),
    ...(item === undefined
      ? {}
      : { tokenizerItem: textOf(fields, 'tokenizerItem', /^[\w-]{43}$/) }),
    chat: oneOf(fields, 'chat', chatFormats),
    licence: textOf(fields, 'licence', new RegExp(`^[^\\p{Cc}]{0,${licenceLength}}$`, 'u')),
    derivedFrom: idsOf(fields, 'derivedFrom', parentsMax),
  }
}

/** Throws `manifest-mismatch` where the weights have another shape than their manifest states. */
export function checkManifestShape(stated: ModelShape, actual: ModelShape): void {
  for (const [name, value] of Object.entries(actual)) {
    const claimed = stated[name as keyof ModelShape]
    if (claimed !== value) throw manifestMismatch(name, String(claimed), String(value))
  }
}
