import {
  answerWhole,
  chunkHash,
  chunkSource,
  type LoadedModel,
  openModel,
  replayRequest,
  replaySet,
  sha256Hash,
} from '@heddle/node/inference'
import { createRuntime, nodeCrypto } from '@heddle/node/runtime'
import { encodeBase64Url, HeddleError } from '@heddle/protocol/base'
import { tagValue } from '@heddle/protocol/item'
import {
  checkReplaySet,
  checkVerdict,
  compareReceipts,
  type Receipt,
  readReceipt,
  receiptStepWrong,
  refereeStep,
} from '@heddle/protocol/receipt'
import { type Client, fetchChunk, fetchModel, findReceipt } from '@heddle/sdk'
import { type Given, idArgument } from '../command.ts'
import { connect } from '../connect.ts'
import { answer, elapsed, withProgress } from '../output.ts'

const { sha256 } = nodeCrypto
const hash = sha256Hash(sha256)
const memoryBytesMax = 65_535 * 65_536

/** A receipt that was found right. */
export type ReplayedReceipt = {
  readonly id: string
  readonly signer: string
  readonly model: string
  readonly root: string
  readonly precision: string
  readonly steps: number
  /** Time of the replay, for people. */
  readonly took: string
}

/**
 * Answers a receipt's question again on this machine and compares every step. A wrong receipt is refused with
 * its first wrong step, which the referee has run on its own.
 */
export async function replayReceipt(
  client: Client,
  id: string,
  signal: AbortSignal,
): Promise<ReplayedReceipt> {
  const item = await findReceipt(client, id, signal)
  const receipt = readReceipt(item.data, sha256)
  const modelId = tagValue(item.tags, 'Model')
  if (modelId === undefined) throw receiptWithoutModel(item.id)
  const model = await openReceiptModel(client, modelId, receipt, signal)
  const spent = elapsed()
  const replayed = answerWhole(model, replayRequest(receipt), sha256).receipt
  judge(receipt, replayed, model)
  return {
    id: item.id,
    signer: encodeBase64Url(sha256(item.owner)),
    model: modelId,
    root: receipt.model,
    precision: receipt.precision,
    steps: receipt.tokens.length,
    took: spent(),
  }
}

/** `heddle verify receipt ID`. */
export async function verifyReceipt(id: string, { flags, signal }: Given): Promise<number> {
  const replay = replayReceipt(connect(flags), idArgument('receipt', id), signal)
  const right = await withProgress('fetching and replaying', replay)
  const { signer, model, steps } = right
  const lines = [
    `receipt  ${right.id}  signed by ${signer}`,
    `model    ${model}  root ${right.root}  ${right.precision}`,
    `right    ${steps} steps replayed here in ${right.took}, all the same`,
  ]
  const value = { id: right.id, signer, model, steps, verdict: 'same' }
  answer(flags.json === true, value, lines.join('\n'))
  return 0
}

async function openReceiptModel(
  client: Client,
  modelId: string,
  receipt: Receipt,
  signal: AbortSignal,
): Promise<LoadedModel> {
  const { manifest } = await fetchModel(client, modelId, { hash, signal })
  const { tokenizerItem } = manifest
  const tokenizer =
    tokenizerItem === undefined ? undefined : (await client.item(tokenizerItem, signal)).data
  const readChunk = (index: number) =>
    fetchChunk(client, manifest, index, { hash, chunkHash, signal })
  const source = chunkSource(manifest.weights, readChunk)
  const ports = { disk: createRuntime().disk, crypto: nodeCrypto }
  const room = { sessionsMax: 1, memoryBytesMax, contextTokensMax: Math.max(1, receipt.context) }
  const model = await openModel({ manifest, source, tokenizer }, ports, room)
  const kernel = encodeBase64Url(model.engine.kernelHash)
  checkReplaySet(receipt, replaySet(kernel, manifest))
  return model
}

/** Throws `receipt-step-wrong` with the first step that is. */
function judge(receipt: Receipt, replayed: Receipt, { engine }: LoadedModel): void {
  const comparison = compareReceipts(receipt, replayed, sha256)
  if (comparison.verdict === 'same') return
  if (comparison.verdict === 'end') {
    const { claimed, actual } = comparison
    throw receiptStepWrong(receipt.tokens.length, `it says it ended by ${claimed}, it is ${actual}`)
  }
  const { step } = comparison
  if (comparison.claimed === undefined) {
    throw receiptStepWrong(step, 'it is missing: the answer goes on')
  }
  if (step >= replayed.tokens.length) {
    throw receiptStepWrong(step, `the answer ended before it (${replayed.finish})`)
  }
  const logitsAfter = (tokens: readonly number[]) => {
    const session = engine.begin()
    try {
      session.feed(tokens)
      return session.logits()
    } finally {
      session.end()
    }
  }
  checkVerdict(refereeStep(receipt, step, logitsAfter, sha256), receipt)
}

function receiptWithoutModel(id: string): HeddleError {
  const text = `receipt ${id} names no model to replay it with: it lacks the tag Model`
  return new HeddleError('receipt-without-model', 'invalid', text, { id })
}
