import { encodeBase64Url, encodeText } from '@heddle/protocol/base'
import { createItem, type Item, tagValue } from '@heddle/protocol/item'
import {
  chunkCount,
  chunkRange,
  chunkRoot,
  inspectModelFile,
  type ModelManifest,
  modelModuleFormat,
  writeManifest,
} from '@heddle/protocol/model'
import { ed25519Signer, nodeCrypto } from '../../runtime/index.ts'
import { chunkHash, sha256Hash } from '../models/open.ts'
import type { KeptItems } from '../ports.ts'

export const testSigner = ed25519Signer(nodeCrypto.sha256(encodeText('inference tests')))

/** Items in memory, found by id and by tag as a gateway finds them. */
export function memoryItems(): KeptItems & { readonly all: Map<string, Item> } {
  const all = new Map<string, Item>()
  return {
    all,
    item: async (id) => all.get(id),
    keep: async (item) => void all.set(item.id, item),
    tagged: async (tags, limit) => {
      const fits = (item: Item) =>
        Object.entries(tags).every(([name, value]) => tagValue(item.tags, name) === value)
      return [...all.values()]
        .filter(fits)
        .slice(0, limit)
        .map(({ id }) => id)
    },
  }
}

type Given = {
  readonly name: string
  readonly checkpoint: Uint8Array
  readonly tokenizer: Uint8Array
  /** Of the manifest: 2 unless told. */
  readonly version?: ModelManifest['version']
  readonly change?: Partial<ModelManifest>
}

async function keepData(items: KeptItems, data: Uint8Array, type: string, more = {}) {
  const all = { 'Data-Protocol': 'Heddle', Type: type, ...more }
  const tags = Object.entries(all).map(([name, value]) => ({ name, value: String(value) }))
  const item = await createItem({ data, tags }, testSigner, nodeCrypto)
  await items.keep(item)
  return item.id
}

/** Keeps a checkpoint as a model; `change` says what its manifest says otherwise. */
export async function keepModel(
  items: KeptItems,
  { name, checkpoint, tokenizer, version = 2, change = {} }: Given,
): Promise<{ readonly id: string; readonly manifest: ModelManifest }> {
  const hash = version === 1 ? sha256Hash(nodeCrypto.sha256) : chunkHash
  const sizeBytes = checkpoint.length
  const { format, shape } = await inspectModelFile(async (n) => checkpoint.slice(0, n), sizeBytes)
  const chunks: string[] = []
  const leaves = new Uint8Array(32 * chunkCount(sizeBytes))
  for (let index = 0; index < chunkCount(sizeBytes); index++) {
    const { from, to } = chunkRange(sizeBytes, index)
    const bytes = checkpoint.slice(from, to)
    leaves.set(hash.digest(bytes), 32 * index)
    chunks.push(await keepData(items, bytes, 'Model-Chunk'))
  }
  const weights = { sizeBytes, leaves, hashId: hash.id }
  const manifest: ModelManifest = {
    version,
    name,
    format,
    precision: 'f32',
    group: 32,
    shape,
    root: encodeBase64Url(chunkRoot(weights, hash)),
    weights,
    chunks,
    tokenizerHash: encodeBase64Url(nodeCrypto.sha256(tokenizer)),
    tokenizerItem: await keepData(items, tokenizer, 'Tokenizer'),
    chat: 'plain',
    licence: '',
    derivedFrom: [],
    ...change,
  }
  const more = { 'Module-Format': modelModuleFormat, Name: name }
  return { id: await keepData(items, writeManifest(manifest), 'Model', more), manifest }
}

/** A llama2.c tokenizer of these pieces; the first have the best scores. */
export function tokenizerFile(pieces: readonly string[]): Uint8Array {
  const all = pieces.map(encodeText)
  const bytes = new Uint8Array(4 + all.reduce((sum, piece) => sum + 8 + piece.length, 0))
  const view = new DataView(bytes.buffer)
  view.setUint32(0, 8, true)
  let at = 4
  for (const [token, piece] of all.entries()) {
    view.setFloat32(at, -token, true)
    view.setUint32(at + 4, piece.length, true)
    bytes.set(piece, at + 8)
    at += 8 + piece.length
  }
  return bytes
}

/** A llama2.c tokenizer of `vocab` tokens, each one letter or byte: enough to speak with noise. */
export function smallTokenizer(vocab: number): Uint8Array {
  const special = ['<unk>', '<s>', '</s>']
  const letter = (_: unknown, token: number) => special[token] ?? String.fromCharCode(62 + token)
  return tokenizerFile(Array.from({ length: vocab }, letter))
}
