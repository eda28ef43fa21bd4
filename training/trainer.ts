import { readFileSync } from 'node:fs'
import {
  createBatches as batchesOf,
  digestOf as digestOfBytes,
  checkpointDigest as digestOfState,
  initialState as initialStateOf,
  type Lesson,
  readLessons as lessonsOf,
  readCheckpoint as readState,
  type Trainer,
  type TrainingState,
  createTrainer as trainerOf,
  writeModelFile as writeFile,
} from '../packages/node/src/inference/index.ts'
import { nodeCrypto } from '../packages/node/src/runtime/index.ts'
import type { Example } from './dataset/generate.ts'
import { openTokenizer } from './dataset/tokenizer.ts'
import { course, trainingPlan } from './plan.ts'

// The nodes' trainer with the course, the dataset and the tokenizer of the order model.

export { writeCheckpoint } from '../packages/node/src/inference/index.ts'

const { sha256 } = nodeCrypto
const { shape } = course

/** The kernels of the trainer. */
export const kernels = new Uint8Array(
  readFileSync(new URL('../packages/node/src/inference/kernel/training.wasm', import.meta.url)),
)

export function createTrainer(from: TrainingState): Trainer {
  return trainerOf(course, kernels, from)
}

export function initialState(): TrainingState {
  return initialStateOf(course)
}

export function readLessons(examples: readonly Example[]): Lesson[] {
  const read = examples.map(({ order, call }) => ({ prompt: order, answer: call }))
  return lessonsOf(read, openTokenizer())
}

export function createBatches(lessons: readonly Lesson[]): (step: number) => Lesson[] {
  return batchesOf(lessons, trainingPlan)
}

export function checkpointDigest(state: TrainingState): string {
  return digestOfState(state, sha256)
}

export function digestOf(bytes: Uint8Array): string {
  return digestOfBytes(bytes, sha256)
}

export function readCheckpoint(bytes: Uint8Array): TrainingState {
  return readState(shape, bytes)
}

export function writeModelFile(weights: Float32Array): Uint8Array {
  return writeFile(shape, weights)
}
