import { createHash } from 'node:crypto'
import { concatBytes, encodeText, equalBytes } from '@heddle/protocol/base'
import { weightCount } from './arena.ts'
import { shape } from './plan.ts'
import type { TrainingState } from './trainer.ts'

const mark = encodeText('heddle-training-1')
const headBytes = 24
const checkpointBytes = headBytes + 3 * weightCount * 4

/** All that the next step depends on: mark, step as u32, then weights and both averages as f32. */
export function writeCheckpoint({ step, weights, means, squares }: TrainingState): Uint8Array {
  const head = new Uint8Array(headBytes)
  head.set(mark)
  new DataView(head.buffer).setUint32(headBytes - 4, step, true)
  return concatBytes([head, ...[weights, means, squares].map(floatBytes)])
}

export function readCheckpoint(bytes: Uint8Array): TrainingState {
  const isOurs =
    bytes.length === checkpointBytes && equalBytes(bytes.subarray(0, mark.length), mark)
  if (!isOurs) {
    throw new RangeError(
      `${bytes.length} bytes are no checkpoint of this model: one has ${checkpointBytes} bytes. ` +
        'Give a file that training/train.ts wrote.',
    )
  }
  const copy = bytes.slice()
  const part = (index: number) =>
    new Float32Array(copy.buffer, headBytes + index * weightCount * 4, weightCount)
  const step = new DataView(copy.buffer).getUint32(headBytes - 4, true)
  return { step, weights: part(0), means: part(1), squares: part(2) }
}

/** SHA-256 of a checkpoint's bytes, in hex: two runs agree on a step where these agree. */
export function checkpointDigest(state: TrainingState): string {
  return digestOf(writeCheckpoint(state))
}

export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** The weights as a llama2.c checkpoint (version 0), which the engine loads. */
export function writeModelFile(weights: Float32Array): Uint8Array {
  const { dim, hidden, layers, heads, kvHeads, vocab, context, headDim } = shape
  const header = Int32Array.of(dim, hidden, layers, heads, kvHeads, vocab, context)
  // The format has room for tables of cos and sin, which readers compute themselves.
  const tables = new Float32Array(context * headDim)
  const floats = new Float32Array(weightCount + tables.length)
  floats.set(weights)
  return concatBytes([new Uint8Array(header.buffer), floatBytes(floats)])
}

function floatBytes(floats: Float32Array): Uint8Array {
  return new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength)
}
