import { encodeBase64Url } from '@heddle/protocol/base'
import { readLlama2cTokenizer } from '@heddle/protocol/model'
import { createBatches } from './batches.ts'
import { checkpointDigest, digestOf, writeModelFile } from './checkpoint.ts'
import { courseInvalid } from './course.ts'
import { readExamples, type TrainingJob } from './job.ts'
import { type Lesson, readLessons } from './lessons.ts'
import { isRecorded, type TrainingRecord } from './record.ts'
import { createTrainer, initialState, type TrainingState } from './trainer.ts'

/** All that a run is made from. */
export type RunParts = {
  readonly job: TrainingJob
  readonly dataset: Uint8Array
  readonly tokenizer: Uint8Array
  readonly kernels: Uint8Array
  readonly sha256: (bytes: Uint8Array) => Uint8Array
}

/** A job that can be taken from any of its states to any later step. */
export type TrainingRun = {
  readonly job: TrainingJob
  start(): TrainingState
  /** Steps up to `toStep`; `loss` is that of the last one. */
  advance(from: TrainingState, toStep: number): { state: TrainingState; loss: number }
  /** The first step after this one that the record has a digest of. */
  nextRecorded(step: number): number
  digest(state: TrainingState): string
  /** What is published with the model of the last state. */
  record(checkpoints: TrainingRecord['checkpoints'], last: TrainingState): TrainingRecord
}

/** Throws `module-training-invalid` where job and dataset do not fit each other. */
export function openRun({ job, dataset, tokenizer, kernels, sha256 }: RunParts): TrainingRun {
  const { course } = job
  const { shape, plan } = course
  const encoder = readLlama2cTokenizer(tokenizer, shape.vocab)
  const lessons = readLessons(readExamples(job, dataset), encoder)
  checkLengths(lessons, plan.positionsMax)
  const batches = createBatches(lessons, plan)
  const first = initialState(course)
  const trainer = createTrainer(course, kernels, first)
  return {
    job,
    start: () => first,
    advance: (from, toStep) => {
      trainer.load(from)
      let loss = 0
      for (let step = from.step; step < toStep; step++) loss = trainer.learn(batches(step))
      return { state: trainer.state(), loss }
    },
    nextRecorded: (step) => {
      let next = step + 1
      while (!isRecorded(next, plan.checkpointSteps, plan.steps)) next++
      return Math.min(next, plan.steps)
    },
    digest: (state) => checkpointDigest(state, sha256),
    record: (checkpoints, last) => ({
      version: 1,
      kernels: digestOf(kernels, sha256),
      dataset: digestOf(dataset, sha256),
      tokenizer: digestOf(tokenizer, sha256),
      plan,
      shape,
      checkpoints,
      model: digestOf(writeModelFile(shape, last.weights), sha256),
    }),
  }
}

function checkLengths(lessons: readonly Lesson[], most: number): void {
  const long = lessons.findIndex(({ tokens }) => tokens.length > most)
  if (long >= 0)
    throw courseInvalid(`line ${long + 1} of the dataset is longer than ${most} tokens`)
}

/** Gas of a step, in units of `tokenGas`: forwards, and back twice, over a full batch. */
export function stepGas({ course }: TrainingJob, weights: number): number {
  const { batch, positionsMax } = course.plan
  return Math.ceil((3 * batch * positionsMax * weights) / 1000)
}

/** SHA-256 of data as a job names it. */
export function dataHash(bytes: Uint8Array, sha256: RunParts['sha256']): string {
  return encodeBase64Url(sha256(bytes))
}
