import type { Item } from '@heddle/protocol/item'
import { trainingPartMissing } from '../errors.ts'
import { packModel } from '../guest/packing.ts'
import type { KeptItems } from '../ports.ts'
import { courseInvalid } from './course.ts'
import { readJob } from './job.ts'
import { jobLimits } from './limits.ts'

/** What a compute thread compiles for a training: its job with tokenizer and dataset. */
export async function expandTraining(
  module: Item,
  items: Pick<KeptItems, 'item'>,
): Promise<Uint8Array> {
  const job = readJob(module.data)
  const [tokenizer, dataset] = await Promise.all([
    items.item(job.tokenizer),
    items.item(job.dataset),
  ])
  if (tokenizer === undefined) throw trainingPartMissing('tokenizer', job.tokenizer)
  if (dataset === undefined) throw trainingPartMissing('dataset', job.dataset)
  const { datasetBytes, tokenizerBytes } = jobLimits
  if (dataset.data.length > datasetBytes || tokenizer.data.length > tokenizerBytes) {
    throw courseInvalid(`dataset or tokenizer are over ${datasetBytes} and ${tokenizerBytes} bytes`)
  }
  return packModel({ manifest: module.data, tokenizer: tokenizer.data, weights: dataset.data })
}
