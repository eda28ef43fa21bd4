import { findTransactionFault, parseTransaction, transactionTags } from '@heddle/protocol/arweave'
import { decodeText, encodeBase64Url } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import { parseRetention, type Retention } from '@heddle/protocol/params'
import { requestInvalid, transactionWrong } from '../errors.ts'
import { encodeRecord } from '../items/record.ts'

/** A layer-1 transaction as posted, read and checked: what has to be known of it to keep it. */
export type CheckedTransaction = {
  readonly id: string
  /** Winston, as digits. */
  readonly reward: string
  /** Base64url; empty without data. */
  readonly dataRoot: string
  readonly dataSizeBytes: number
  /** Whether its data came along. */
  readonly isWhole: boolean
  readonly retention: Retention
  /** For the items log, without its time of arrival; in memory of its own. */
  readonly record: Uint8Array<ArrayBuffer>
}

/**
 * Reads the JSON of a transaction and checks id, signature and, of data that came along, the root.
 * Throws `request-invalid`, `transaction-invalid`, `transaction-wrong`, `retention-invalid`.
 */
export async function checkTransaction(
  body: Uint8Array,
  engine: CryptoEngine,
): Promise<CheckedTransaction> {
  const transaction = parseTransaction(parseJson(body))
  const { id, reward, dataRoot, dataSizeBytes, data } = transaction
  const fault = await findTransactionFault(transaction, engine)
  if (fault !== undefined) throw transactionWrong(id, fault)
  return {
    id,
    reward,
    dataRoot: encodeBase64Url(dataRoot),
    dataSizeBytes,
    isWhole: data.length === dataSizeBytes,
    retention: parseRetention(transactionTags(transaction)),
    record: encodeRecord({ kind: 'transaction', transaction }, 0),
  }
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(decodeText(body))
  } catch {
    throw requestInvalid('the body is not valid JSON.')
  }
}
