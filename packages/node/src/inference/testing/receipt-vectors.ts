import { encodeBase64Url } from '@heddle/protocol/base'
import { greedy, readLlama2cTokenizer, type Sampling } from '@heddle/protocol/model'
import { type Receipt, stepDigests, writeReceipt } from '@heddle/protocol/receipt'
import { nodeCrypto } from '../../runtime/index.ts'
import { answerWhole, type LoadedModel } from '../answer/answer.ts'
import { tinyShape } from './chains.ts'
import { keepModel, memoryItems, smallTokenizer } from './kept-model.testing.ts'
import { openCheckpoint } from './open.ts'
import { seededCheckpoint } from './seeded-model.testing.ts'

const { sha256 } = nodeCrypto

/** Kernels change their bytes without changing a logit: vectors name none. */
const anyKernel = encodeBase64Url(new Uint8Array(32))

export const tinyCheckpoint = seededCheckpoint(tinyShape, 1)

const drawn: Sampling = { temperature: 0.7, topP: 0.9, seed: 42 }

export const vectorCases = [
  { name: 'greedy-f32', precision: 'f32', sampling: greedy, stops: [], tokensMax: 24 },
  { name: 'greedy-int8', precision: 'int8', sampling: greedy, stops: [], tokensMax: 24 },
  { name: 'drawn-f32', precision: 'f32', sampling: drawn, stops: ['ErN'], tokensMax: 40 },
] as const

/** The seeded model as receipts name it. */
export async function openTiny(precision: 'f32' | 'int8'): Promise<LoadedModel> {
  const { vocab } = tinyShape
  const tokenizer = smallTokenizer(vocab)
  const options = { precision, sessionsMax: 2 } as const
  const read = readLlama2cTokenizer(tokenizer, vocab)
  const { engine } = await openCheckpoint(tinyCheckpoint, options, read)
  const change = { precision }
  const given = { name: 'tiny', checkpoint: tinyCheckpoint, tokenizer, version: 1, change } as const
  const { manifest } = await keepModel(memoryItems(), given)
  return { engine, manifest }
}

/** The receipt of a case, without a kernel. */
export async function receiptOf(at: (typeof vectorCases)[number]): Promise<Receipt> {
  const { precision, sampling, stops, tokensMax } = at
  const model = await openTiny(precision)
  const request = { prompt: [5, 17, 60, 3], sampling, stops, tokensMax }
  return { ...answerWhole(model, request, sha256).receipt, kernel: anyKernel }
}

/** What spec/vectors/receipts.json has of each case. */
export async function computeReceiptVectors() {
  const vectors = []
  for (const each of vectorCases) {
    const receipt = await receiptOf(each)
    const bytes = writeReceipt(receipt)
    vectors.push({
      name: each.name,
      receipt: new TextDecoder().decode(bytes),
      digest: encodeBase64Url(sha256(bytes)),
      lastStepDigest: encodeBase64Url(stepDigests(receipt, sha256).slice(-32)),
    })
  }
  return vectors
}
