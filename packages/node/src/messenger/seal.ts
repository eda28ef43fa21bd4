import type { CryptoEngine } from '@heddle/protocol/crypto'
import {
  arweaveType,
  createItem,
  type Item,
  type ItemDraft,
  parseItem,
  type Signer,
} from '@heddle/protocol/item'
import { messageDraft, spawnDraft, spawnedDraft } from './drafts.ts'
import { itemOverLimit } from './errors.ts'
import type { LetterTable } from './letter-table.ts'
import { deliveryId, type Letter, outgoingAt } from './letters.ts'
import type { SlotOut } from './senders.ts'
import type { State } from './state.ts'

/** RSA-PSS salts its signatures: signed twice, one letter would have two ids. All other types do not. */
export function signsAtRandom(signer: Signer): boolean {
  return signer.signatureType === arweaveType
}

/** Makes the signed item of a letter: the same bytes at every attempt. */
export class Sealer {
  readonly #signer: Signer
  readonly #engine: CryptoEngine
  readonly #letters: LetterTable
  readonly #state: State
  readonly #itemBytesMax: number
  readonly #onSigned: (item: Item) => void

  constructor(deps: {
    signer: Signer
    engine: CryptoEngine
    letters: LetterTable
    state: State
    itemBytesMax: number
    onSigned: (item: Item) => void
  }) {
    this.#signer = deps.signer
    this.#engine = deps.engine
    this.#letters = deps.letters
    this.#state = deps.state
    this.#itemBytesMax = deps.itemBytesMax
    this.#onSigned = deps.onSigned
  }

  /** Signs a letter of `slot`. Throws kind `invalid` for what cannot be written as an item. */
  async seal(letter: Letter, slot: SlotOut): Promise<Item> {
    if (!signsAtRandom(this.#signer)) return this.#sign(draftOf(letter, slot))
    const before = this.#letters.signedItem(letter)
    if (before !== undefined) return parseItem(before, this.#engine)
    const item = await this.#sign(draftOf(letter, slot))
    this.#letters.keepSigned(letter, item.bytes)
    await this.#state.durable()
    return item
  }

  async #sign(draft: ItemDraft): Promise<Item> {
    const item = await createItem(draft, this.#signer, this.#engine)
    if (item.bytes.length <= this.#itemBytesMax) {
      this.#onSigned(item)
      return item
    }
    throw itemOverLimit(item.bytes.length, this.#itemBytesMax)
  }
}

function draftOf(letter: Letter, { evaluation, origin }: SlotOut): ItemDraft {
  const outgoing = outgoingAt(evaluation.result, letter.index)
  const name = deliveryId(letter)
  if (letter.kind === 'spawn') return spawnDraft(outgoing, origin, name)
  if (letter.kind === 'message') return messageDraft(outgoing, letter.target, origin, name)
  return spawnedDraft(outgoing, letter.messageId ?? '', origin, name)
}
