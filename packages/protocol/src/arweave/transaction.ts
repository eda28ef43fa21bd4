import { decodeText } from '../base/index.ts'

/** A tag as signed: bytes, which need not be text. */
export type RawTag = { readonly name: Uint8Array; readonly value: Uint8Array }

/** What an author states before signing. Amounts are winston as decimal digits. */
export type TransactionDraft = {
  /** 2 signs the data's root, 1 (before 2020) the data itself. */
  readonly format: 1 | 2
  /** The author's public RSA modulus, big-endian; the exponent is 65537. */
  readonly owner: Uint8Array
  /** 32 bytes, or empty where nothing is sent to anybody. */
  readonly target: Uint8Array
  readonly quantity: string
  readonly reward: string
  /** The anchor: the owner's last transaction or a recent block; may be empty. */
  readonly lastTx: Uint8Array
  readonly tags: readonly RawTag[]
  readonly dataSizeBytes: number
  /** 32 bytes, or empty where there is no data. */
  readonly dataRoot: Uint8Array
  /** The data where it comes with the transaction, else empty: it follows in chunks. */
  readonly data: Uint8Array
}

/** A transaction of Arweave's base layer. */
export type Transaction = TransactionDraft & {
  /** base64url(sha256(signature)) */
  readonly id: string
  readonly signature: Uint8Array
}

/** The form clients post and read: every byte string as base64url, every number as digits. */
export type TransactionJson = {
  readonly format: number
  readonly id: string
  readonly last_tx: string
  readonly owner: string
  readonly tags: readonly { readonly name: string; readonly value: string }[]
  readonly target: string
  readonly quantity: string
  readonly data: string
  readonly data_size: string
  readonly data_root: string
  readonly reward: string
  readonly signature: string
}

/** Tags as text, as queries and readers want them; malformed UTF-8 becomes U+FFFD. */
export function transactionTags({
  tags,
}: Pick<TransactionDraft, 'tags'>): { readonly name: string; readonly value: string }[] {
  return tags.map(({ name, value }) => ({ name: decodeText(name), value: decodeText(value) }))
}
