import { parentPort } from 'node:worker_threads'
import { parseItem, verifyItem } from '@heddle/protocol/item'
import { nodeCrypto } from '../../runtime/index.ts'
import { type Batch, unpackBatch } from './batch.ts'

/**
 * Entry of a verification thread: a batch in, one byte per item out. It holds no state and no keys.
 */
parentPort?.on('message', async (batch: Batch) => {
  const verdicts = new Uint8Array(batch.ends.length)
  for (const [index, bytes] of unpackBatch(batch).entries()) {
    verdicts[index] = (await holds(bytes)) ? 1 : 0
  }
  parentPort?.postMessage(verdicts, [verdicts.buffer])
})

/** Parsing again is cheap, and what is verified is then what the bytes say. */
async function holds(bytes: Uint8Array): Promise<boolean> {
  try {
    return await verifyItem(parseItem(bytes, nodeCrypto), nodeCrypto)
  } catch {
    // The caller parsed it already; bytes that no longer parse were changed meanwhile.
    return false
  }
}
