import { readFile } from 'node:fs/promises'
import { sha256Hash } from '@heddle/node/inference'
import { nodeCrypto } from '@heddle/node/runtime'
import { addModel, type Client } from '@heddle/sdk'

/** The model that comes with Heddle, its dataset and the record of its training. */
const folder = new URL('../../../../models/order-tools/', import.meta.url)

type About = { readonly name: string; readonly licence: string; readonly weights: number }

export type PublishedModel = About & {
  readonly dataset: string
  readonly run: string
  readonly id: string
  readonly root: string
}

function read(name: string): Promise<Uint8Array> {
  return readFile(new URL(name, folder))
}

/** Keeps dataset, training record and model as items, each naming what it came from. */
export async function publishOrderModel(client: Client): Promise<PublishedModel> {
  const [about, data, record, weights, tokenizer] = await Promise.all(
    ['model.json', 'dataset.jsonl', 'training.json', 'model.bin', 'tokenizer.bin'].map(read),
  )
  if (!about || !data || !record || !weights || !tokenizer)
    throw new RangeError('a file is missing')
  const { name, licence, weights: count } = JSON.parse(Buffer.from(about).toString()) as About
  const keep = (type: string, item: Uint8Array, more: Record<string, string>) => {
    const tags = { 'Data-Protocol': 'Heddle', Type: type, Name: name, Licence: licence, ...more }
    const list = Object.entries(tags).map(([tag, value]) => ({ name: tag, value }))
    return client.upload({ data: item, tags: list })
  }
  const dataset = await keep('Dataset', data, { 'Content-Type': 'application/jsonl' })
  const run = await keep('Training-Run', record, {
    'Content-Type': 'application/json',
    'Derived-From': dataset,
  })
  const { id, root } = await addModel(client, {
    name,
    licence,
    tokenizer,
    precision: 'int8',
    derivedFrom: [run],
    hash: sha256Hash(nodeCrypto.sha256),
    file: { sizeBytes: weights.length, read: async (from, to) => weights.subarray(from, to) },
  })
  return { name, licence, weights: count, dataset, run, id, root }
}
