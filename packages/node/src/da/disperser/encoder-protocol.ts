import type { BlobParameters } from '@heddle/protocol/certificate'

/** What an encoder thread is started with. */
export type EncoderSettings = { readonly kernel: WebAssembly.Module }

/** `open` lends an arena, `encode` fills its parity and commits, `release` gives it back. */
export type EncoderRequest =
  | { readonly id: number; readonly kind: 'open'; readonly parameters: BlobParameters }
  | { readonly id: number; readonly kind: 'encode' }
  | { readonly id: number; readonly kind: 'release'; readonly isUnread: boolean }

export type EncoderReply =
  | { readonly id: number; readonly kind: 'opened'; readonly arena: Uint8Array }
  | { readonly id: number; readonly kind: 'encoded'; readonly encoded: EncodedParts }
  | { readonly id: number; readonly kind: 'failed'; readonly message: string }

/** All that goes with rows, which lie in the arena: stripe after stripe, row after row. */
export type EncodedParts = {
  readonly root: Uint8Array
  readonly fingerprints: Uint8Array
  readonly commitment: Uint8Array
  /** The path of each row. */
  readonly paths: readonly Uint8Array[]
}
