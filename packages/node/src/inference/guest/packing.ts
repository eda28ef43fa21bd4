import { concatBytes } from '@heddle/protocol/base'
import { packedModelInvalid } from '../errors.ts'

/** A model as one piece, for a thread that computes with it: two lengths (u32, little-endian) and parts. */
export type PackedModel = {
  readonly manifest: Uint8Array
  /** Empty where the weights have it. */
  readonly tokenizer: Uint8Array
  readonly weights: Uint8Array
}

const headBytes = 8

export function packModel({ manifest, tokenizer, weights }: PackedModel): Uint8Array {
  const head = new Uint8Array(headBytes)
  const view = new DataView(head.buffer)
  view.setUint32(0, manifest.length, true)
  view.setUint32(4, tokenizer.length, true)
  return concatBytes([head, manifest, tokenizer, weights])
}

/** Views into `bytes`. Throws `module-invalid`. */
export function unpackModel(bytes: Uint8Array): PackedModel {
  if (bytes.length < headBytes) throw packedModelInvalid('it is too short')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const tokenizerAt = headBytes + view.getUint32(0, true)
  const weightsAt = tokenizerAt + view.getUint32(4, true)
  if (weightsAt > bytes.length) throw packedModelInvalid('it is cut off')
  return {
    manifest: bytes.subarray(headBytes, tokenizerAt),
    tokenizer: bytes.subarray(tokenizerAt, weightsAt),
    weights: bytes.subarray(weightsAt),
  }
}
