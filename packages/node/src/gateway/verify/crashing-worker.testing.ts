import { parentPort } from 'node:worker_threads'
import { parseItem, tagValue } from '@heddle/protocol/item'
import { nodeCrypto } from '../../runtime/index.ts'
import { type Batch, unpackBatch } from './batch.ts'

/** Says yes to everything, but does as it is told by an item with a `Crash` tag. */
parentPort?.on('message', (batch: Batch) => {
  const items = unpackBatch(batch).map(({ bytes }) => parseItem(bytes, nodeCrypto))
  const wishes = items.map((item) => tagValue(item.tags, 'Crash'))
  if (wishes.includes('throw')) throw new Error('thrown in the worker')
  if (wishes.includes('exit')) process.exit(7)
  if (wishes.includes('silent')) return
  parentPort?.postMessage(items.map(() => 1))
})
