/** What a storer answered. */
export type LaneReply = {
  readonly meta: Uint8Array
  readonly body: Uint8Array
  /** Lets the body's memory be used again, where the lane does; nobody may look at it any more. */
  readonly release?: () => void
}

/**
 * How requests reach storers (kinds and layouts: `da/wire`). `storer` is its BLS key. Body parts are sent
 * from where they lie and may change again once the promise settles. No reply with a longer body than
 * `replyBytesMax` is taken into memory from a peer. Rejects with what the storer refused,
 * `storer-unknown`, an error of the bulk lane (kind `unavailable`), or the signal's reason.
 */
export type Lane = {
  call(
    storer: Uint8Array,
    kind: number,
    meta: Uint8Array,
    bodyParts: readonly Uint8Array[],
    signal?: AbortSignal,
    replyBytesMax?: number,
  ): Promise<LaneReply>
}

/** How a storer answers; what it throws as a HeddleError the caller hears as one. */
export type LaneHandler = (
  kind: number,
  meta: Uint8Array,
  body: Uint8Array,
  peer: { readonly publicKey: string; readonly remote: string },
  signal: AbortSignal,
) => Promise<{ readonly meta: Uint8Array; readonly bodyParts: readonly Uint8Array[] }>
