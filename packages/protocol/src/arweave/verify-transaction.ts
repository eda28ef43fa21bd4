import { concatBytes, encodeBase64Url, encodeText, equalBytes } from '../base/index.ts'
import { type CryptoEngine, deepHash } from '../crypto/index.ts'
import { dataRootOf } from './data-root-builder.ts'
import type { RawTag, Transaction, TransactionDraft } from './transaction.ts'

/** Why a transaction does not hold. */
export type TransactionFault = 'id' | 'signature' | 'data-root'

/** base64url(sha256(signature)): what everybody names the transaction by. */
export function transactionId(signature: Uint8Array, engine: CryptoEngine): string {
  return encodeBase64Url(engine.sha256(signature))
}

/** base64url(sha256(owner)): the author's address. */
export function transactionOwner(
  { owner }: Pick<TransactionDraft, 'owner'>,
  engine: CryptoEngine,
): string {
  return encodeBase64Url(engine.sha256(owner))
}

/**
 * The bytes a signature covers: for format 2 the deep hash of its fields, where the data's root stands
 * for the data; for format 1 the fields one after another.
 */
export function transactionPayload(draft: TransactionDraft, engine: CryptoEngine): Uint8Array {
  const { owner, target, quantity, reward, lastTx, tags } = draft
  const amounts = [encodeText(quantity), encodeText(reward)]
  if (draft.format === 1) {
    return concatBytes([owner, target, draft.data, ...amounts, lastTx, ...tags.flatMap(tagParts)])
  }
  const size = encodeText(String(draft.dataSizeBytes))
  const head = [encodeText('2'), owner, target]
  return deepHash([...head, ...amounts, lastTx, tags.map(tagParts), size, draft.dataRoot], engine)
}

/**
 * Checks id, signature and, where the data of a format-2 transaction came along, that it has the
 * stated root. Returns what does not hold, or undefined where all does. Hashing the data is
 * synchronous; on a server, check large data with `DataRootBuilder` as it comes instead.
 */
export async function findTransactionFault(
  transaction: Transaction,
  engine: CryptoEngine,
): Promise<TransactionFault | undefined> {
  const { id, signature, owner, data, dataRoot, format } = transaction
  if (transactionId(signature, engine) !== id) return 'id'
  const payload = transactionPayload(transaction, engine)
  if (!(await engine.verifyRsaPss(owner, payload, signature))) return 'signature'
  const hasRoot = format === 2 && data.length > 0
  if (hasRoot && !equalBytes(dataRootOf([data], engine), dataRoot)) return 'data-root'
  return undefined
}

/** Tells whether id, signature and root of the data carried hold. */
export async function verifyTransaction(
  transaction: Transaction,
  engine: CryptoEngine,
): Promise<boolean> {
  return (await findTransactionFault(transaction, engine)) === undefined
}

function tagParts({ name, value }: RawTag): Uint8Array[] {
  return [name, value]
}
