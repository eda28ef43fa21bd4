import { checkShape, type StripeShape } from '../erasure/index.ts'
import { hashIds } from '../merkle/index.ts'
import { layout } from '../params/index.ts'
import { commitmentParameters } from './errors.ts'

/** What a commitment binds beside the rows: enough to know the place of every byte of the blob. */
export type BlobParameters = {
  readonly k: number
  readonly n: number
  /** Bytes of the blob, without the zeros that fill its last stripe. */
  readonly lengthBytes: number
  readonly hashId: number
}

/** Where the bytes of a blob lie: byte b is in stripe b / (k · pieceBytes), rows in order. */
export type BlobLayout = StripeShape & {
  readonly stripes: number
  /** Groups of up to 16 stripes; each has its own fingerprint per row. */
  readonly segments: number
}

/** H-input bytes: 1 version, 1 hash, 2 k, 2 n, 8 length, numbers little-endian. */
const parametersBytes = 14

/** Number and size of stripes follow from the length: as few as fit, all equally long. */
export function layoutOf({ k, n, lengthBytes }: BlobParameters): BlobLayout {
  const stripes = Math.ceil(lengthBytes / (k * layout.pieceBytesMax))
  const unit = layout.pieceBytesUnit
  const pieceBytes = Math.ceil(lengthBytes / (stripes * k * unit)) * unit
  return { k, n, pieceBytes, stripes, segments: Math.ceil(stripes / layout.segmentStripes) }
}

/** The longest blob one commitment covers, in bytes: 1 GiB at k = 64. */
export function lengthBytesMax(k: number): number {
  return k * layout.pieceBytesMax * layout.segmentStripes * layout.segmentsMax
}

/** Throws `commitment-parameters` or `erasure-shape` where no blob can have these. */
export function checkParameters(parameters: BlobParameters): void {
  const { k, n, lengthBytes, hashId } = parameters
  checkShape({ k, n, pieceBytes: layout.pieceBytesUnit })
  if (!Number.isSafeInteger(lengthBytes) || lengthBytes < 1 || lengthBytes > lengthBytesMax(k)) {
    throw commitmentParameters(`a blob cannot have ${lengthBytes} bytes.`, { lengthBytes })
  }
  if (hashId !== hashIds.sha256 && hashId !== hashIds.blake3) {
    throw commitmentParameters(`there is no hash ${hashId}.`, { hashId })
  }
}

export function encodeParameters(parameters: BlobParameters): Uint8Array {
  checkParameters(parameters)
  const bytes = new Uint8Array(parametersBytes)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, layout.version)
  view.setUint8(1, parameters.hashId)
  view.setUint16(2, parameters.k, true)
  view.setUint16(4, parameters.n, true)
  view.setBigUint64(6, BigInt(parameters.lengthBytes), true)
  return bytes
}

export function decodeParameters(bytes: Uint8Array): BlobParameters {
  if (bytes.length !== parametersBytes) {
    throw commitmentParameters(`parameters have ${parametersBytes} bytes, not ${bytes.length}.`)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const version = view.getUint8(0)
  if (version !== layout.version) throw commitmentParameters(`layout ${version} is not known.`)
  const parameters = {
    hashId: view.getUint8(1),
    k: view.getUint16(2, true),
    n: view.getUint16(4, true),
    lengthBytes: Number(view.getBigUint64(6, true)),
  }
  checkParameters(parameters)
  return parameters
}
