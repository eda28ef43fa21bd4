import { encodeText } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import type { Tag } from '@heddle/protocol/item'

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

type TermSource = {
  readonly owner: string
  readonly target: string
  readonly tags: readonly Tag[]
}

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

  /** Data of layer-1 transactions, by root and size. */
  data(dataRoot: string, sizeBytes: number): Term {
    return this.#make(`data ${dataRoot} ${sizeBytes}`)
  }

  /** All terms of an item or transaction. `owner` is an address, `target` may be empty. */
  ofParts({ owner, target, tags }: TermSource, parentId: string | undefined): Term[] {
    const terms: Term[] = []
    for (const { name, value } of tags) {
      if (!unindexedTags.has(name)) terms.push(this.tag(name, value))
    }
    terms.push(this.owner(owner))
    if (target !== '') terms.push(this.recipient(target))
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
