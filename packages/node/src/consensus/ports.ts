/**
 * Orders opaque payloads into final blocks. The engine knows bytes only; what they mean is the
 * application's business. `solo` is final at once; CometBFT fits behind the same port.
 */
export type Consensus = {
  /** Orders a payload; resolves with its block once that is final and durable. */
  submit(payload: Uint8Array): Promise<Block>
  /** The newest final block; height 0 is the genesis block. */
  tip(): Block
  block(height: number): Promise<Block | undefined>
  blockById(id: string): Promise<Block | undefined>
  /** Calls back for each final block, in order. */
  onBlock(listener: (block: Block) => void): void
  close(): Promise<void>
}

export type Block = {
  readonly height: number
  /** base64url(sha256(header)), 32 bytes. */
  readonly id: string
  /** Id of the block before; empty for genesis. */
  readonly previous: string
  /** Strictly increasing over heights. */
  readonly timestampMs: number
  readonly payloads: readonly Uint8Array[]
}
