import { isId } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import { type Item, tagValue } from '@heddle/protocol/item'
import type { ModelManifest } from '@heddle/protocol/model'
import {
  type Comparison,
  checkReplaySet,
  compareReceipts,
  type Receipt,
  type ReplaySet,
  readReceipt,
} from '@heddle/protocol/receipt'
import { replayRequest } from '../answer/answer.ts'
import { unknownReceipt } from '../errors.ts'
import { ownerOf } from '../models/catalog.ts'
import { sha256Hash } from '../models/open.ts'
import type { KeptItems } from '../ports.ts'
import type { Caller, InferenceService } from '../service/service.ts'
import { receiptOfDigest } from './keep.ts'

export type ReceiptReport = {
  readonly id: string
  readonly signer: string
  readonly model: string
  readonly tokens: number
  readonly comparison: Comparison
}

/** A kept receipt by the id of its item or by its digest. Rejects with `unknown-receipt`. */
async function findReceipt(
  items: KeptItems,
  id: string,
  sha256: CryptoEngine['sha256'],
): Promise<Item> {
  if (!isId(id)) throw unknownReceipt(id)
  const item = await items.item(id)
  if (item !== undefined && tagValue(item.tags, 'Type') === 'Receipt') return item
  const found = await receiptOfDigest(items, id, sha256)
  if (found === undefined) throw unknownReceipt(id)
  return found
}

/**
 * Answers a receipt's question again and compares step by step. Rejects with `unknown-receipt`,
 * `receipt-invalid`, `receipt-…-mismatch` where it is of another kernel, model, tokenizer or precision.
 */
export async function verifyReceipt(
  { items, engine }: { readonly items: KeptItems; readonly engine: CryptoEngine },
  service: InferenceService,
  id: string,
  caller: Caller,
): Promise<ReceiptReport> {
  const item = await findReceipt(items, id, engine.sha256)
  const receipt = readReceipt(item.data, engine.sha256)
  const model = await service.catalog.find(tagValue(item.tags, 'Model') ?? receipt.model)
  const { kernel } = await service.facts(model)
  checkReplaySet(receipt, replaySet(kernel, model.manifest))
  const replayed = await replay(service, model, receipt, caller)
  const signer = ownerOf(item, sha256Hash(engine.sha256))
  const comparison = compareReceipts(receipt, readReceipt(replayed, engine.sha256), engine.sha256)
  return { id: item.id, signer, model: model.id, tokens: receipt.tokens.length, comparison }
}

/** What a replay with this model takes from it. */
export function replaySet(kernel: string, manifest: ModelManifest): ReplaySet {
  const { root, tokenizerHash, precision, group, shape } = manifest
  const { context } = shape
  return { kernel, model: root, tokenizer: tokenizerHash, precision, group, context }
}

async function replay(
  service: InferenceService,
  model: Parameters<InferenceService['answer']>[0],
  receipt: Receipt,
  caller: Caller,
): Promise<Uint8Array> {
  const request = replayRequest(receipt)
  const tokensMax = Math.min(request.tokensMax, service.options.tokensMax)
  const { ending } = await service.answerWhole(model, { ...request, tokensMax }, caller)
  return ending.receipt
}
