import { decodeBase64Url, encodeBase64Url, errorMessage } from '@heddle/protocol/base'
import {
  type BlockHash,
  blockHeaderBytes,
  encodeBlock,
  genesisBlock,
  payloadBytes,
  readBlock,
} from '@heddle/protocol/ledger'
import type { OrderedLog } from '../journal/index.ts'
import type { Clock } from '../runtime/index.ts'
import { BlockIndex } from './block-index.ts'
import { chainCorrupt, consensusBusy, consensusClosed, payloadTooLarge } from './errors.ts'
import { type SoloOptions, soloOptions } from './options.ts'
import type { Block, Consensus } from './ports.ts'
import { blocksLog, verifyChain } from './verify-chain.ts'

export type SoloDependencies = {
  /** Keeps the chain in its log `blocks`; stays open when the engine closes. */
  readonly log: OrderedLog
  /** What `log.claim()` gave. */
  readonly epoch: number
  readonly clock: Clock
  readonly crypto: BlockHash
}

/**
 * Opens the engine of one node that trusts itself: a block is final when it is durable. Makes
 * genesis in an empty log, and checks the chain that is there otherwise. Rejects with
 * `network-differs` (conflict), `chain-corrupt` (internal), `consensus-options-invalid` (invalid)
 * or the log's error.
 */
export async function openSolo(
  dependencies: SoloDependencies,
  options: Partial<SoloOptions> = {},
): Promise<Consensus> {
  const { log, epoch, crypto } = dependencies
  const checked = soloOptions(options)
  const { networkId, genesisTimestampMs } = checked
  const genesis = genesisBlock(networkId, genesisTimestampMs, crypto)
  if (log.head(blocksLog) === 0) await log.append(blocksLog, 0, epoch, [genesis])
  const index = new BlockIndex()
  await verifyChain(log, genesis, networkId, crypto, index)
  const tip = await loadBlock(log, index, crypto, index.count - 1)
  return new SoloConsensus(dependencies, checked, index, tip)
}

async function loadBlock(
  log: OrderedLog,
  index: BlockIndex,
  crypto: BlockHash,
  height: number,
): Promise<Block> {
  const [record] = await log.read(blocksLog, height, 1)
  if (record === undefined) throw chainCorrupt(height, 'the log has no such record')
  let block: ReturnType<typeof readBlock>
  try {
    block = readBlock(record.bytes, crypto)
  } catch (error) {
    throw chainCorrupt(height, errorMessage(error))
  }
  if (block.id !== encodeBase64Url(index.idAt(height))) {
    throw chainCorrupt(height, 'its id is another than when it became final')
  }
  const { id, previous, timestampMs, payloads } = block
  return { height, id, previous, timestampMs, payloads }
}

type Waiting = {
  readonly payload: Uint8Array
  readonly resolve: (block: Block) => void
  readonly reject: (error: unknown) => void
}

/** Makes a block of whatever arrived while the one before was being made. */
class SoloConsensus implements Consensus {
  readonly #dependencies: SoloDependencies
  readonly #options: SoloOptions
  readonly #index: BlockIndex
  readonly #listeners: ((block: Block) => void)[] = []
  #tip: Block
  #waiting: Waiting[] = []
  #pendingBytes = 0
  #running: Promise<void> | undefined
  #isClosed = false

  constructor(dependencies: SoloDependencies, options: SoloOptions, index: BlockIndex, tip: Block) {
    this.#dependencies = dependencies
    this.#options = options
    this.#index = index
    this.#tip = tip
  }

  // Everything up to the promise runs within the call, so payloads keep the order of the calls.
  async submit(payload: Uint8Array): Promise<Block> {
    if (this.#isClosed) throw consensusClosed()
    const limits = this.#options
    if (payload.length > limits.payloadBytes) {
      throw payloadTooLarge(payload.length, limits.payloadBytes)
    }
    const bytes = payloadBytes(payload)
    if (this.#pendingBytes + bytes > limits.pendingBytes) {
      throw consensusBusy(this.#pendingBytes, limits.pendingBytes)
    }
    this.#pendingBytes += bytes
    const copy = new Uint8Array(payload)
    return await new Promise((resolve, reject) => {
      this.#waiting.push({ payload: copy, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  tip(): Block {
    return this.#tip
  }

  async block(height: number): Promise<Block | undefined> {
    if (this.#isClosed) throw consensusClosed()
    if (height === this.#tip.height) return this.#tip
    if (!Number.isInteger(height) || height < 0 || height >= this.#index.count) return undefined
    const { log, crypto } = this.#dependencies
    return await loadBlock(log, this.#index, crypto, height)
  }

  async blockById(id: string): Promise<Block | undefined> {
    const bytes = decodeBase64Url(id)
    const height = bytes === undefined ? undefined : this.#index.heightOf(bytes)
    return height === undefined ? undefined : await this.block(height)
  }

  onBlock(listener: (block: Block) => void): void {
    this.#listeners.push(listener)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    while (this.#running !== undefined) await this.#running
  }

  async #run(): Promise<void> {
    // Let everything of this turn of the event loop join the first block.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const ordered = this.#takePayloads()
      try {
        const block = await this.#makeBlock(ordered.map((waiting) => waiting.payload))
        this.#announce(block)
        for (const waiting of ordered) waiting.resolve(block)
      } catch (error) {
        for (const waiting of ordered) waiting.reject(error)
      }
      for (const { payload } of ordered) this.#pendingBytes -= payloadBytes(payload)
    }
    this.#running = undefined
  }

  #takePayloads(): Waiting[] {
    let count = 0
    let bytes = 0
    for (const { payload } of this.#waiting) {
      bytes += payloadBytes(payload)
      if (bytes > this.#options.blockBytes) break
      count++
    }
    const ordered = this.#waiting.slice(0, count)
    this.#waiting = this.#waiting.slice(count)
    return ordered
  }

  async #makeBlock(payloads: readonly Uint8Array[]): Promise<Block> {
    const { log, epoch, clock, crypto } = this.#dependencies
    const height = this.#tip.height + 1
    const previous = this.#tip.id
    // The clock may stand or go back; block time does not.
    const timestampMs = Math.max(clock.nowMs(), this.#tip.timestampMs + 1)
    const bytes = encodeBlock({ height, previous, timestampMs }, payloads, crypto)
    await log.append(blocksLog, height, epoch, [bytes])
    const id = crypto.sha256(bytes.subarray(0, blockHeaderBytes))
    const block = { height, id: encodeBase64Url(id), previous, timestampMs, payloads }
    this.#index.add(id)
    this.#tip = block
    return block
  }

  /** What a listener throws is its own mistake: it ends the process, not the block. */
  #announce(block: Block): void {
    for (const listener of this.#listeners) {
      try {
        listener(block)
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }
}
