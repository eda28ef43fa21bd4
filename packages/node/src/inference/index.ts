export { answerWhole, type LoadedModel, replayRequest } from './answer/answer.ts'
export { type Engine, loadEngine, type ModelInput } from './engine.ts'
export { expandModule, modelFormats } from './guest/formats.ts'
export { createInference, type Inference, type InferenceDependencies } from './inference.ts'
export { openGguf } from './load/gguf.ts'
export { openLlama2c } from './load/llama2c.ts'
export { bytesSource, fileSource } from './load/source.ts'
export { createCatalog } from './models/catalog.ts'
export { chunkSource, type ReadChunk } from './models/chunk-source.ts'
export { chunkHash, openModel, sha256Hash } from './models/open.ts'
export { type InferenceOptions, inferenceDefaults, type Precision } from './options.ts'
export type {
  HostedProcesses,
  InferencePorts,
  KeptItems,
  ProcessResults,
  WeightSource,
} from './ports.ts'
export { replaySet } from './receipts/verify.ts'
export { type ServiceOptions, serviceDefaults } from './service/options.ts'
export type { Session, SessionOptions, Step } from './session/session.ts'
export { weightCount } from './training/arena.ts'
export { createBatches } from './training/batches.ts'
export { checkInterval, type StatedCheckpoint, statedCheckpoint } from './training/check.ts'
export {
  checkpointDigest,
  digestOf,
  readCheckpoint,
  writeCheckpoint,
  writeModelFile,
} from './training/checkpoint.ts'
export type { TrainingCourse } from './training/course.ts'
export { readJob, type TrainingJob, trainingModuleFormat } from './training/job.ts'
export { readTrainingKernels } from './training/kernels.ts'
export { type Lesson, readLessons } from './training/lessons.ts'
export { isRecorded, type TrainingRecord } from './training/record.ts'
export { dataHash, openRun, type TrainingRun } from './training/run.ts'
export {
  createTrainer,
  initialState,
  type Trainer,
  type TrainingState,
} from './training/trainer.ts'
