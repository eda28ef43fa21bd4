/**
 * Orders opaque payloads into final blocks. The engine knows bytes only; what they mean is the
 * application's business. `solo` is final at once; CometBFT fits behind the same port.
 */
export type Consensus = {
  /**
   * Orders a payload; resolves with its block once that is final and durable. The payload is copied
   * before this returns. Payloads of one caller keep their order. Rejects with `payload-too-large`
   * (invalid), `consensus-busy` (exhausted), `consensus-closed` (unavailable) or the error of the
   * log; the payload is in no block then.
   */
  submit(payload: Uint8Array): Promise<Block>
  /** The newest final block; height 0 is the genesis block. */
  tip(): Block
  /** The final block of a height. Rejects with `chain-corrupt` (internal) where it is damaged. */
  block(height: number): Promise<Block | undefined>
  /** As `block`; undefined for anything that is not the id of a final block. */
  blockById(id: string): Promise<Block | undefined>
  /**
   * Calls back for each block that becomes final from now on, in order, before its submitters hear
   * of it. A listener must not throw.
   */
  onBlock(listener: (block: Block) => void): void
  /** Ends when all that was accepted before is final or rejected. */
  close(): Promise<void>
}

/** Bytes of a block are shared by all who hold it: read only. */
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
