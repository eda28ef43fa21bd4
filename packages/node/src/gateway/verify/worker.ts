import { parentPort } from 'node:worker_threads'
import { parseItem, verifyItem } from '@heddle/protocol/item'
import { nodeCrypto } from '../../runtime/index.ts'
import { carryError } from '../carried-error.ts'
import { isTransactionJson } from '../items/transaction-item.ts'
import { type Batch, unpackBatch, type Verdict } from './batch.ts'
import { checkTransaction } from './check-transaction.ts'

/**
 * Entry of a verification thread: a batch in, one verdict per job out. It holds no state and no keys.
 */
parentPort?.on('message', async (batch: Batch) => {
  const verdicts: Verdict[] = []
  const transfer: ArrayBuffer[] = []
  for (const { kind, bytes } of unpackBatch(batch)) {
    const verdict = kind === 'item' ? await holds(bytes) : await checked(bytes)
    verdicts.push(verdict)
    if (typeof verdict === 'object' && 'record' in verdict) transfer.push(verdict.record.buffer)
  }
  parentPort?.postMessage(verdicts, transfer)
})

/** Parsing again is cheap, and what is verified is then what the bytes say. */
async function holds(bytes: Uint8Array): Promise<0 | 1> {
  try {
    if (isTransactionJson(bytes)) {
      await checkTransaction(bytes, nodeCrypto)
      return 1
    }
    return (await verifyItem(parseItem(bytes, nodeCrypto), nodeCrypto)) ? 1 : 0
  } catch {
    // Not what was signed; or bytes that no longer parse, which were changed since the caller did.
    return 0
  }
}

async function checked(bytes: Uint8Array): Promise<Verdict> {
  try {
    return await checkTransaction(bytes, nodeCrypto)
  } catch (error) {
    return { error: carryError(error) }
  }
}
