import type { CryptoEngine } from '@heddle/protocol/crypto'
import type { Signer } from '@heddle/protocol/item'
import type { Retention } from '@heddle/protocol/params'
import type { Runtime } from '../runtime/index.ts'

/** Names data in the store by Arweave's data_root (base64url) and its size. */
export type StoredData = { readonly dataRoot: string; readonly sizeBytes: number }

export type StoredChunk = {
  readonly bytes: Uint8Array
  readonly dataPath: Uint8Array
  readonly fromByte: number
  readonly toByte: number
}

/** What this room needs of the store (structurally `Store`, which wiring hands over). */
export type CopyStore = {
  write(
    source: AsyncIterable<Uint8Array>,
    options?: { readonly sizeBytes?: number; readonly sha384?: boolean },
  ): Promise<StoredData & { readonly sha384?: Uint8Array }>
  keepChunk(chunk: {
    readonly dataRoot: string
    readonly dataSizeBytes: number
    readonly offset: number
    readonly dataPath: Uint8Array
    readonly bytes: Uint8Array
  }): Promise<void>
  held(data: StoredData): Promise<{ readonly heldBytes: number; readonly complete: boolean }>
  read(
    data: StoredData,
    fromByte: number,
    toByte: number,
    options?: { readonly reuse?: boolean },
  ): AsyncIterable<Uint8Array>
  chunk(data: StoredData, offset: number): Promise<StoredChunk | undefined>
  hold(data: StoredData, holder: string, retention: Retention): Promise<void>
  release(data: StoredData, holder: string): Promise<void>
}

/** An item whose data is in the store: what a copy consists of. */
export type CopiedItem = {
  readonly id: string
  /** All of the item before its data, or the JSON of a transaction without it. */
  readonly header: Uint8Array
  readonly data: StoredData
}

/** What this room needs of the gateway. */
export type CopyItems = {
  /**
   * Keeps an item that another node asked to be kept, once its id and signature are checked (over the
   * digest of its data, or a transaction's data_root). Throws where they do not hold.
   */
  keepCopy(item: CopiedItem & { readonly sha384: Uint8Array }): Promise<void>
  isKept(id: string): Promise<boolean>
  /** Winston a node has at stake by the word of the base layer; 0 where it says nothing. */
  stakeOf(address: string): Promise<bigint>
}

export type CopiesDeps = {
  readonly runtime: Runtime
  readonly engine: CryptoEngine
  /** The node's own key: signs as placer and as keeper. */
  readonly signer: Signer
  readonly store: CopyStore
  /** Called only after `start`. */
  readonly items: CopyItems
  readonly fetch: typeof globalThis.fetch
  /** Told what an operator should know of. */
  warn(fields: Readonly<Record<string, unknown>>, text: string): void
  /** Told how each challenge ended. */
  onChallenge(isProven: boolean): void
}
