import { encodeText } from '../base/index.ts'
import type { CryptoEngine } from '../crypto/index.ts'
import { transactionInvalid } from './errors.ts'
import { transactionLimits } from './limits.ts'
import type { Transaction, TransactionDraft } from './transaction.ts'
import { transactionId, transactionPayload } from './verify-transaction.ts'

/** What a new transaction says. Its data is carried along, or told by root and size. */
export type TransactionContent = {
  readonly tags?: readonly { readonly name: string; readonly value: string }[]
  readonly dataRoot?: Uint8Array
  readonly dataSizeBytes?: number
  /** At most 10 MiB; its root must be given with it (`dataRootOf`). */
  readonly data?: Uint8Array
  readonly target?: Uint8Array
  readonly quantity?: string
  readonly reward?: string
  readonly lastTx?: Uint8Array
}

/** Signs a payload with an RSA key: PSS over SHA-256. The item room's Arweave signer is one. */
export type TransactionSigner = {
  readonly owner: Uint8Array
  sign(payload: Uint8Array): Uint8Array | Promise<Uint8Array>
}

const none = new Uint8Array(0)

/** Makes and signs a transaction of format 2. Throws `transaction-invalid` for tags too long. */
export async function signTransaction(
  content: TransactionContent,
  signer: TransactionSigner,
  engine: CryptoEngine,
): Promise<Transaction> {
  const tags = (content.tags ?? []).map(({ name, value }) => ({
    name: encodeText(name),
    value: encodeText(value),
  }))
  const tagBytes = tags.reduce((sum, { name, value }) => sum + name.length + value.length, 0)
  if (tagBytes > transactionLimits.tagBytes) {
    const limit = transactionLimits.tagBytes
    throw transactionInvalid('tags', `take ${tagBytes} bytes, the limit is ${limit}`)
  }
  const data = content.data ?? none
  const draft: TransactionDraft = {
    format: 2,
    owner: signer.owner,
    target: content.target ?? none,
    quantity: content.quantity ?? '0',
    reward: content.reward ?? '0',
    lastTx: content.lastTx ?? none,
    tags,
    dataSizeBytes: content.dataSizeBytes ?? data.length,
    dataRoot: content.dataRoot ?? none,
    data,
  }
  const signature = await signer.sign(transactionPayload(draft, engine))
  return { ...draft, signature, id: transactionId(signature, engine) }
}
