import { concatBytes, encodeText, equalBytes, toHex } from '@heddle/protocol/base'
import type { ModelShape } from '@heddle/protocol/model'
import { weightCount } from './arena.ts'
import { courseInvalid } from './course.ts'
import type { TrainingState } from './trainer.ts'

const mark = encodeText('heddle-training-1')
const headBytes = 24

/** Bytes of a checkpoint of a model. */
export function checkpointBytes(shape: ModelShape): number {
  return headBytes + 3 * weightCount(shape) * 4
}

/** All that the next step depends on: mark, step as u32, then weights and both averages as f32. */
export function writeCheckpoint({ step, weights, means, squares }: TrainingState): Uint8Array {
  const head = new Uint8Array(headBytes)
  head.set(mark)
  new DataView(head.buffer).setUint32(headBytes - 4, step, true)
  return concatBytes([head, ...[weights, means, squares].map(floatBytes)])
}

/** Throws `module-training-invalid` for bytes that are no checkpoint of this model. */
export function readCheckpoint(shape: ModelShape, bytes: Uint8Array): TrainingState {
  const wanted = checkpointBytes(shape)
  if (bytes.length !== wanted || !equalBytes(bytes.subarray(0, mark.length), mark)) {
    const what = `${bytes.length} bytes are no checkpoint of this model: one has ${wanted} bytes`
    throw courseInvalid(what)
  }
  const count = weightCount(shape)
  const copy = bytes.slice()
  const part = (index: number) =>
    new Float32Array(copy.buffer, headBytes + index * count * 4, count)
  const step = new DataView(copy.buffer).getUint32(headBytes - 4, true)
  return { step, weights: part(0), means: part(1), squares: part(2) }
}

/** SHA-256 of a checkpoint's bytes, in hex: two runs agree on a step where these agree. */
export function checkpointDigest(state: TrainingState, sha256: Hash): string {
  return digestOf(writeCheckpoint(state), sha256)
}

type Hash = (bytes: Uint8Array) => Uint8Array

export function digestOf(bytes: Uint8Array, sha256: Hash): string {
  return toHex(sha256(bytes))
}

/** The weights as a llama2.c checkpoint (version 0), which the engine loads. */
export function writeModelFile(shape: ModelShape, weights: Float32Array): Uint8Array {
  const { dim, hidden, layers, heads, kvHeads, vocab, context, headDim } = shape
  const header = Int32Array.of(dim, hidden, layers, heads, kvHeads, vocab, context)
  // The format has room for tables of cos and sin, which readers compute themselves.
  const tables = new Float32Array(context * headDim)
  const floats = new Float32Array(weights.length + tables.length)
  floats.set(weights)
  return concatBytes([new Uint8Array(header.buffer), floatBytes(floats)])
}

function floatBytes(floats: Float32Array): Uint8Array {
  return new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength)
}
