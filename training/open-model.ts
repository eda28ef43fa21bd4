import { readFileSync } from 'node:fs'
import { decodeText, encodeBase64Url } from '@heddle/protocol/base'
import { greedy, readLlama2cTokenizer } from '@heddle/protocol/model'
import {
  answerWhole,
  bytesSource,
  type LoadedModel,
  loadEngine,
  openLlama2c,
} from '../packages/node/src/inference/index.ts'
import { createRuntime, nodeCrypto } from '../packages/node/src/runtime/index.ts'
import type { Example } from './dataset/generate.ts'
import { modelFolder } from './folder.ts'

const { sha256 } = nodeCrypto

/** Tokens of the longest call, with room to go wrong in. */
const callTokensMax = 48

/** Lines of one of the published files. */
export function readExamples(name: string): Example[] {
  const text = readFileSync(new URL(name, modelFolder), 'utf8')
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Example)
}

/** The published model in the engine of the nodes. */
export async function openOrderModel(precision: 'int8' | 'f32'): Promise<LoadedModel> {
  const [weights, tokenizerFile] = ['model.bin', 'tokenizer.bin'].map(
    (name) => new Uint8Array(readFileSync(new URL(name, modelFolder))),
  )
  if (weights === undefined || tokenizerFile === undefined) throw new RangeError('no model')
  const source = bytesSource(weights)
  const layout = await openLlama2c(source)
  const tokenizer = readLlama2cTokenizer(tokenizerFile, layout.shape.vocab)
  const ports = { disk: createRuntime().disk, crypto: nodeCrypto }
  const options = { precision, group: 32, sessionsMax: 1 }
  const engine = await loadEngine({ layout, source, tokenizer }, ports, options)
  const [root, tokenizerHash] = [weights, tokenizerFile].map((bytes) =>
    encodeBase64Url(sha256(bytes)),
  )
  return {
    engine,
    manifest: { root: root ?? '', precision, group: 32, tokenizerHash: tokenizerHash ?? '' },
  }
}

/** What the model says to an order, as a process would ask it. */
export function answerOrder(model: LoadedModel, order: string): string {
  const prompt = [`${order}\n`]
  const request = { prompt, sampling: greedy, stops: [], tokensMax: callTokensMax }
  return decodeText(answerWhole(model, request, sha256).bytes)
}
