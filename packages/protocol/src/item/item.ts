/** A name and a value, both UTF-8 text. Names are case-sensitive. */
export type Tag = { readonly name: string; readonly value: string }

/**
 * A parsed ANS-104 data item. Every byte field is a view into `bytes`: nothing is copied, so keep
 * the whole alive as long as a part. `rawTags` are the Avro bytes as sent, which is what signatures
 * cover.
 */
export type Item = {
  readonly bytes: Uint8Array
  /** base64url(sha256(signature)) */
  readonly id: string
  readonly signatureType: number
  readonly signature: Uint8Array
  readonly owner: Uint8Array
  /** 32 bytes, or empty where absent. */
  readonly target: Uint8Array
  /** 32 bytes, or empty where absent. */
  readonly anchor: Uint8Array
  readonly rawTags: Uint8Array
  readonly tags: readonly Tag[]
  readonly data: Uint8Array
}

/** What an author states before signing. `target` is base64url; `anchor` is 32 bytes. */
export type ItemDraft = {
  readonly data: Uint8Array
  readonly tags?: readonly Tag[]
  readonly target?: string
  readonly anchor?: Uint8Array
}

/** Signs for one owner. `sign` gets the deep hash (or the typed-data digest for type 7). */
export type Signer = {
  readonly signatureType: number
  readonly owner: Uint8Array
  sign(payload: Uint8Array): Uint8Array | Promise<Uint8Array>
}

/** First value of a tag, or undefined. */
export function tagValue(tags: readonly Tag[], name: string): string | undefined {
  for (const tag of tags) if (tag.name === name) return tag.value
  return undefined
}

/** Every value of a tag, in order. */
export function tagValues(tags: readonly Tag[], name: string): string[] {
  return tags.filter((tag) => tag.name === name).map((tag) => tag.value)
}
