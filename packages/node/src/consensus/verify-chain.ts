import { decodeBase64Url, encodeBase64Url, equalBytes, errorMessage } from '@heddle/protocol/base'
import {
  type BlockHash,
  type BlockHeader,
  blockHeaderBytes,
  readBlockHeader,
} from '@heddle/protocol/ledger'
import type { OrderedLog } from '../journal/index.ts'
import type { BlockIndex } from './block-index.ts'
import { chainCorrupt, networkDiffers } from './errors.ts'

/** The log that holds the chain; slot and height are the same number. */
export const blocksLog = 'blocks'
const readLimit = 1000

/**
 * Reads the whole chain into `index` and checks that it starts with `genesis` and that each header
 * names the one before, with the next height and a later time. Payloads are checked when read.
 * Rejects with `network-differs` (conflict) or `chain-corrupt` (internal).
 */
export async function verifyChain(
  log: OrderedLog,
  genesis: Uint8Array,
  networkId: string,
  hash: BlockHash,
  index: BlockIndex,
): Promise<void> {
  let before: BlockHeader | undefined
  while (index.count < log.head(blocksLog)) {
    for (const { slot, bytes } of await log.read(blocksLog, index.count, readLimit)) {
      const id = hash.sha256(bytes.subarray(0, blockHeaderBytes))
      if (slot === 0 && !equalBytes(bytes, genesis)) {
        throw networkDiffers(networkId, encodeBase64Url(id))
      }
      const header = readHeader(bytes, slot)
      if (before !== undefined) checkLink(header, before, slot, index)
      index.add(id)
      before = header
    }
  }
}

function readHeader(bytes: Uint8Array, height: number): BlockHeader {
  try {
    return readBlockHeader(bytes)
  } catch (error) {
    throw chainCorrupt(height, errorMessage(error))
  }
}

function checkLink(
  header: BlockHeader,
  before: BlockHeader,
  slot: number,
  index: BlockIndex,
): void {
  if (header.height !== slot) throw chainCorrupt(slot, `it says it is block ${header.height}`)
  const previous = decodeBase64Url(header.previous)
  if (previous === undefined || !equalBytes(previous, index.idAt(slot - 1))) {
    throw chainCorrupt(slot, `it follows ${header.previous}, which is not the block before`)
  }
  if (header.timestampMs <= before.timestampMs) {
    throw chainCorrupt(slot, 'it is not later than the block before')
  }
}
