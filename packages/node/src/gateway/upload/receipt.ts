import { encodeBase64Url, encodeText } from '@heddle/protocol/base'
import { type CryptoEngine, deepHash } from '@heddle/protocol/crypto'
import type { Signer } from '@heddle/protocol/item'

/** Blocks after which an item not yet in one may be posted again; Turbo's own figure. */
const deadlineBlocks = 200
const version = '0.2.0'

/** What an uploader is told, in Turbo's shape; signed by the node. */
export type Receipt = {
  readonly id: string
  readonly owner: string
  readonly winc: string
  readonly dataCaches: readonly string[]
  readonly fastFinalityIndexes: readonly string[]
  readonly deadlineHeight: number
  readonly timestamp: number
  readonly version: string
  /** Over the deep hash of `Bundlr`, version, id, deadlineHeight and timestamp as text. */
  readonly signature: string
  /** The node's public key. */
  readonly public: string
}

export async function makeReceipt(
  { id, owner }: { readonly id: string; readonly owner: string },
  at: { readonly height: number; readonly nowMs: number; readonly host: string },
  signer: Signer | undefined,
  engine: CryptoEngine,
): Promise<Receipt> {
  const deadlineHeight = at.height + deadlineBlocks
  const timestamp = at.nowMs
  const parts = ['Bundlr', version, id, String(deadlineHeight), String(timestamp)].map(encodeText)
  const signature = await signer?.sign(deepHash(parts, engine))
  return {
    id,
    owner,
    winc: '0',
    dataCaches: at.host === '' ? [] : [at.host],
    fastFinalityIndexes: at.host === '' ? [] : [at.host],
    deadlineHeight,
    timestamp,
    version,
    signature: signature === undefined ? '' : encodeBase64Url(signature),
    public: signer === undefined ? '' : encodeBase64Url(signer.owner),
  }
}
