import { decodeBase64Url, encodeBase64Url, encodeText } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import { createItem, type Item, type Signer } from '@heddle/protocol/item'
import {
  chunkCount,
  chunkRange,
  chunkRoot,
  type ModelManifest,
  modelModuleFormat,
  modelTypes,
  writeManifest,
} from '@heddle/protocol/model'
import { sha256Hash } from '../models/open.ts'
import type { KeptItems } from '../ports.ts'
import { readCheckpoint, writeModelFile } from './checkpoint.ts'
import type { TrainingOutput } from './guest.ts'
import { readJob, type TrainingJob } from './job.ts'

export type TrainingPublisher = {
  /** Keeps what a training process ended with as items: its record, then the model. Once per process. */
  publish(
    processId: string,
    slot: number,
    module: Item,
    output: Partial<TrainingOutput>,
  ): Promise<void>
}

type Parts = {
  readonly items: KeptItems
  /** The node's key: it vouches that the process gave this. Anybody can run it again. */
  readonly signer: Signer
  readonly engine: CryptoEngine
}

const protocolTag = { 'Data-Protocol': 'Heddle' }
const processTag = 'Training-Process'

export function createTrainingPublisher({ items, signer, engine }: Parts): TrainingPublisher {
  const hash = sha256Hash(engine.sha256)

  const keep = async (data: Uint8Array, table: Record<string, string>, parents: string[] = []) => {
    const tags = Object.entries({ ...protocolTag, ...table }).map(([name, value]) => ({
      name,
      value,
    }))
    const grounds = parents.map((value) => ({ name: 'Derived-From', value }))
    const item = await createItem({ data, tags: [...tags, ...grounds] }, signer, engine)
    await items.keep(item)
    return item.id
  }

  const keepModel = async (job: TrainingJob, weights: Uint8Array, run: string, process: string) => {
    const sizeBytes = weights.length
    const leaves = new Uint8Array(32 * chunkCount(sizeBytes))
    const chunks: string[] = []
    for (let index = 0; index < chunkCount(sizeBytes); index++) {
      const { from, to } = chunkRange(sizeBytes, index)
      const bytes = weights.slice(from, to)
      const digest = hash.digest(bytes)
      leaves.set(digest, 32 * index)
      const tags = { Type: modelTypes.chunk, 'Chunk-Digest': encodeBase64Url(digest) }
      chunks.push(await keep(bytes, tags))
    }
    const list = { sizeBytes, leaves }
    const manifest: ModelManifest = {
      version: 1,
      name: job.name,
      format: 'llama2c',
      precision: job.precision,
      group: job.group,
      shape: job.course.shape,
      root: encodeBase64Url(chunkRoot(list, hash)),
      weights: list,
      chunks,
      tokenizerHash: job.tokenizerHash,
      tokenizerItem: job.tokenizer,
      chat: 'plain',
      licence: job.licence,
      derivedFrom: [run],
    }
    const tags = {
      Type: modelTypes.model,
      'Content-Type': 'application/json',
      Name: job.name,
      'Model-Root': manifest.root,
      Tokenizer: manifest.tokenizerHash,
      'Module-Format': modelModuleFormat,
      'Memory-Limit': '4-gb',
      [processTag]: process,
      ...(job.licence === '' ? {} : { Licence: job.licence }),
    }
    await keep(writeManifest(manifest), tags, [run])
  }

  return {
    publish: async (processId, slot, module, { training }) => {
      const { record, checkpoint } = training ?? {}
      const bytes = decodeBase64Url(checkpoint?.bytes ?? '')
      if (record === undefined || bytes === undefined) return
      const known = await items.tagged({ Type: modelTypes.model, [processTag]: processId }, 1)
      if (known.length > 0) return
      const job = readJob(module.data)
      const { shape } = job.course
      const { weights } = readCheckpoint(shape, bytes)
      const tags = {
        Type: 'Training-Run',
        'Content-Type': 'application/json',
        Name: job.name,
        Process: processId,
        Slot: String(slot),
      }
      const run = await keep(encodeText(record), tags, [job.dataset, module.id, processId])
      await keepModel(job, writeModelFile(shape, weights), run, processId)
    },
  }
}
