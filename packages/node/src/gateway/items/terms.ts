import { encodeBase64Url, encodeText } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import type { Item } from '@heddle/protocol/item'

/**
 * What an item can be found by, as a 12-byte digest: nobody can make a tag that is found as
 * somebody else's (2^96), and every term costs the index the same, however long the tag.
 */
export type Term = Uint8Array

/**
 * Tags that differ from item to item and that nobody looks for by themselves. They would be half of
 * the index; a filter on one is answered by reading the items the other filters leave.
 */
export const unindexedTags: ReadonlySet<string> = new Set([
  'Hash-Chain',
  'Timestamp',
  'Nonce',
  'Epoch',
  'Block-Height',
  'Delivery-Id',
])

const termBytes = 12
const remembered = 4096

/** Makes terms; remembers the frequent ones, since most tags of a log repeat. */
export class TermMaker {
  readonly #engine: CryptoEngine
  readonly #known = new Map<string, Term>()

  constructor(engine: CryptoEngine) {
    this.#engine = engine
  }

  tag(name: string, value: string): Term {
    // The length keeps ("ab", "c") and ("a", "bc") apart.
    return this.#make(`tag ${name.length} ${name}${value}`)
  }

  owner(address: string): Term {
    return this.#make(`owner ${address}`)
  }

  recipient(target: string): Term {
    return this.#make(`recipient ${target}`)
  }

  bundledIn(parentId: string): Term {
    return this.#make(`bundle ${parentId}`)
  }

  /** All terms of an item. */
  ofItem(item: Item, parentId: string | undefined): Term[] {
    const terms: Term[] = []
    for (const { name, value } of item.tags) {
      if (!unindexedTags.has(name)) terms.push(this.tag(name, value))
    }
    terms.push(this.owner(encodeBase64Url(this.#engine.sha256(item.owner))))
    if (item.target.length > 0) terms.push(this.recipient(encodeBase64Url(item.target)))
    if (parentId !== undefined) terms.push(this.bundledIn(parentId))
    return terms
  }

  #make(text: string): Term {
    const known = this.#known.get(text)
    if (known !== undefined) return known
    const term = this.#engine.sha256(encodeText(text)).slice(0, termBytes)
    if (this.#known.size >= remembered) this.#known.clear()
    this.#known.set(text, term)
    return term
  }
}

/** Terms one after another, as the catalog keeps those of items that wait for their block. */
export function joinTerms(terms: readonly Term[]): Uint8Array {
  const joined = new Uint8Array(terms.length * termBytes)
  for (const [index, term] of terms.entries()) joined.set(term, index * termBytes)
  return joined
}

export function splitTerms(joined: Uint8Array): Term[] {
  const terms: Term[] = []
  for (let at = 0; at + termBytes <= joined.length; at += termBytes) {
    terms.push(joined.subarray(at, at + termBytes))
  }
  return terms
}
