import type { CryptoEngine } from '@heddle/protocol/crypto'
import type { ItemStore } from '../items/store.ts'
import type { BaseBlock, BaseLayer } from '../ports.ts'
import { createAnswerBudget, type Spend } from './answer-budget.ts'
import { createDescribe, type Describe } from './describe.ts'
import { queryLimits } from './limits.ts'

/** What the resolvers of one request share. */
export type QueryContext = {
  readonly store: ItemStore
  readonly consensus: BaseLayer
  readonly engine: CryptoEngine
  readonly describe: Describe
  /** Ids of what the answer is about and could not be read. */
  readonly unreadable: ReadonlySet<string>
  readonly spend: Spend
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
  const { load } = store
  const spend = createAnswerBudget(queryLimits.answer)
  const unreadable = new Set<string>()
  const describe = createDescribe(load, unreadable)
  return { store, consensus, engine, describe, unreadable, spend, block }
}
