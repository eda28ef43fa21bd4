import { checkShape } from '@heddle/protocol/model'
import type { TrainingCourse } from '../packages/node/src/inference/index.ts'
import { vocab } from './dataset/tokenizer.ts'

/** The model that is trained: 156,608 weights. */
export const shape = checkShape({
  dim: 64,
  hidden: 176,
  layers: 3,
  heads: 4,
  kvHeads: 4,
  headDim: 16,
  vocab,
  context: 128,
  tied: true,
  epsilon: 1e-5,
  ropeBase: 10_000,
})

/** Everything the run depends on beside the dataset and the kernels. */
export const trainingPlan = {
  seed: 6,
  steps: 3_000,
  batch: 32,
  /** Positions of the longest example. */
  positionsMax: 72,
  rate: 0.004,
  warmUpSteps: 60,
  /** Where the rate's first line would end at zero, and where a second one begins before that. */
  firstLineSteps: 2_000,
  restartStep: 1_400,
  restartRate: 0.003,
  gradientNormMax: 1,
  /** Steps between two digests of the record. */
  checkpointSteps: 100,
} as const

/** The course of the order model. */
export const course: TrainingCourse = { shape, plan: trainingPlan }
