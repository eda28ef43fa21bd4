import { encodeBase64Url } from '@heddle/protocol/base'
import { type BlobHash, hashIds } from '@heddle/protocol/merkle'
import {
  createStopMatcher,
  type ModelManifest,
  newReferenceCache,
  type ReferenceModel,
  readGgufHeader,
  readGgufModel,
  readGgufTokenizer,
  readLlama2c,
  readLlama2cTokenizer,
  readReferenceModel,
  referenceForward,
  type Tokenizer,
  tokenGas,
  tokenizerHashMismatch,
} from '@heddle/protocol/model'
import {
  checkReplaySet,
  type Finish,
  type Receipt,
  refereeStep,
  type Sha256,
} from '@heddle/protocol/receipt'

/** A model whole in memory, as the scalar reference reads it, and its tokenizer. */
export type OpenedModel = { readonly model: ReferenceModel; readonly tokenizer: Tokenizer }

/** What a replay found so far. A step that is not `right` is the last. */
export type ReplayEvent =
  | { readonly kind: 'prompt'; readonly done: number; readonly of: number }
  | {
      readonly kind: 'step'
      readonly step: number
      readonly text: string
      readonly verdict: 'right' | 'logits' | 'token'
    }
  | { readonly kind: 'end'; readonly claimed: string; readonly actual: string }

/** Opens weights and tokenizer. Throws what is wrong with either. */
export async function openReference(
  manifest: ModelManifest,
  file: Uint8Array,
  tokenizerFile: Uint8Array | undefined,
  sha256: Sha256,
): Promise<OpenedModel> {
  const group = manifest.precision === 'f32' ? 0 : manifest.group
  if (manifest.format === 'gguf') {
    const header = await readGgufHeader(async (bytes) => file.subarray(0, bytes), file.length)
    const layout = readGgufModel(header, file.length)
    return { model: readReferenceModel(layout, file, group), tokenizer: readGgufTokenizer(header) }
  }
  const layout = readLlama2c(file, file.length)
  const given = tokenizerFile ?? new Uint8Array(0)
  const actual = encodeBase64Url(sha256(given))
  if (actual !== manifest.tokenizerHash) throw tokenizerHashMismatch(manifest.tokenizerHash, actual)
  const tokenizer = readLlama2cTokenizer(given, layout.shape.vocab)
  return { model: readReferenceModel(layout, file, group), tokenizer }
}

/** SHA-256 as models' chunks are hashed. */
export function sha256Hash(sha256: Sha256): BlobHash {
  return { id: hashIds.sha256, digest: sha256 }
}

/**
 * Answers a receipt's question again, token by token, by the scalar reference: other code than the
 * engine that made it. Each step must have the logits its link commits to and choose its token; then
 * the end and the gas must be those claimed. Throws where receipt and model do not belong together.
 */
export function* replayReceipt(
  receipt: Receipt,
  manifest: Pick<ModelManifest, 'root' | 'tokenizerHash' | 'precision' | 'group' | 'shape'>,
  { model, tokenizer }: OpenedModel,
  sha256: Sha256,
): Generator<ReplayEvent, void> {
  // The reference has no kernel of its own: the receipt's may be any that gives the same bits.
  const { root, tokenizerHash, precision, group, shape } = manifest
  const own = { model: root, tokenizer: tokenizerHash, precision, group, context: shape.context }
  checkReplaySet(receipt, { kernel: receipt.kernel, ...own })
  const { prompt, tokens } = receipt
  const cache = newReferenceCache(model.shape)
  let logits = new Float32Array(0)
  let gasUsed = 0
  let position = 0
  const feed = (token: number) => {
    gasUsed += tokenGas(model.shape, position++)
    logits = new Float32Array(referenceForward(model, cache, token))
  }
  for (const [at, token] of prompt.entries()) {
    feed(token)
    yield { kind: 'prompt', done: at + 1, of: prompt.length }
  }
  const ending = createEnding(receipt, tokenizer)
  const decoder = new TextDecoder()
  let finish: Finish | undefined
  for (const [step, token] of tokens.entries()) {
    if (step > 0) feed(tokens[step - 1] ?? 0)
    const { verdict } = refereeStep(receipt, step, () => logits, sha256)
    const { bytes, ...ended } = ending(token, step)
    finish = ended.finish
    yield { kind: 'step', step, text: decoder.decode(bytes, { stream: true }), verdict }
    if (verdict !== 'right') return
    if (finish !== undefined && step + 1 < tokens.length) break
  }
  const told = (how: string, gas: number) => `${how} after ${gas} gas`
  yield {
    kind: 'end',
    claimed: told(receipt.finish, receipt.gasUsed),
    actual: told(finish ?? 'more to come', gasUsed),
  }
}

/** Tells of each token its bytes, and whether the answer ends with it. */
function createEnding(receipt: Receipt, tokenizer: Tokenizer) {
  const { prompt, tokens, tokensMax, context } = receipt
  const stops = createStopMatcher(receipt.stops)
  return (token: number, step: number): { bytes: Uint8Array; finish: Finish | undefined } => {
    const isEnd = tokenizer.ends.has(token)
    const previous = step === 0 ? prompt.at(-1) : tokens[step - 1]
    const bytes = isEnd ? new Uint8Array(0) : tokenizer.bytesOf(token, previous)
    const { stopped } = stops.push(bytes)
    if (isEnd) return { bytes, finish: 'end' }
    if (stopped) return { bytes, finish: 'stop' }
    const made = step + 1
    const isFull = prompt.length + made >= context || made >= tokensMax
    return { bytes, finish: isFull ? 'length' : undefined }
  }
}
