import type { CryptoEngine } from '@heddle/protocol/crypto'
import type { LoadHolding } from '../items/reader.ts'
import type { ItemStore } from '../items/store.ts'
import type { BaseBlock, BaseLayer } from '../ports.ts'

/** What the resolvers of one request share. */
export type QueryContext = {
  readonly store: ItemStore
  readonly consensus: BaseLayer
  readonly engine: CryptoEngine
  readonly load: LoadHolding
  /** Blocks by height, each read once. */
  block(height: number): Promise<BaseBlock | undefined>
}

export function createContext(
  store: ItemStore,
  consensus: BaseLayer,
  engine: CryptoEngine,
): QueryContext {
  const blocks = new Map<number, Promise<BaseBlock | undefined>>()
  const block = (height: number) => {
    let read = blocks.get(height)
    if (read === undefined) {
      read = consensus.block(height)
      blocks.set(height, read)
    }
    return read
  }
  return { store, consensus, engine, load: store.load, block }
}
