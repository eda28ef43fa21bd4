import { portableCrypto } from '@heddle/protocol/crypto'
import { tagValue } from '@heddle/protocol/item'
import { readLlama2cTokenizer, tokensToBytes } from '@heddle/protocol/model'
import { type Receipt, readReceipt } from '@heddle/protocol/receipt'
import { createClient, fetchModel, findReceipt, type Tag } from '@heddle/sdk'
import { addressOfKey } from './verify.ts'

/** A receipt, the signature of its item and all digests in it checked here. */
export type OpenedReceipt = {
  readonly itemId: string
  readonly signer: string
  readonly tags: readonly Tag[]
  readonly receipt: Receipt
  readonly model?: KnownModel
  /** What was asked and answered, where the tokenizer is an item of its own. */
  readonly texts?: { readonly prompt: string; readonly answer: string }
}

type KnownModel = { readonly id: string; readonly name: string; readonly sizeBytes: number }

const { sha256 } = portableCrypto

/** By the id of its item or its digest. Rejects with `receipt-unknown`, or where it is forged. */
export async function openReceipt(id: string, signal: AbortSignal): Promise<OpenedReceipt> {
  const client = createClient({ url: location.origin })
  const item = await findReceipt(client, id, signal)
  const receipt = readReceipt(item.data, sha256)
  const base = { itemId: item.id, signer: addressOfKey(item.owner), tags: item.tags, receipt }
  const modelId = tagValue(item.tags, 'Model')
  if (modelId === undefined) return base
  // A model may be gone from this node; the receipt is still what it is.
  const found = await fetchModel(client, modelId, { signal }).catch(() => undefined)
  if (found === undefined) return base
  const { name, weights, tokenizerItem } = found.manifest
  const model = { id: modelId, name, sizeBytes: weights.sizeBytes }
  if (tokenizerItem === undefined) return { ...base, model }
  const file = (await client.item(tokenizerItem, signal)).data
  const tokenizer = readLlama2cTokenizer(file, found.manifest.shape.vocab)
  const text = (tokens: readonly number[], previous?: number) => {
    const shown = tokens.filter((token) => !tokenizer.ends.has(token))
    return new TextDecoder().decode(tokensToBytes(tokenizer, shown, previous))
  }
  const { prompt, tokens } = receipt
  const [begin] = prompt
  const asked = begin === tokenizer.begin ? prompt.slice(1) : prompt
  return {
    ...base,
    model,
    texts: { prompt: text(asked, begin), answer: text(tokens, prompt.at(-1)) },
  }
}
