export { answerWhole, type LoadedModel, replayRequest } from './answer/answer.ts'
export { type Engine, loadEngine, type ModelInput } from './engine.ts'
export { expandModel, modelFormats } from './guest/program.ts'
export { createInference, type Inference, type InferenceDependencies } from './inference.ts'
export { openGguf } from './load/gguf.ts'
export { openLlama2c } from './load/llama2c.ts'
export { bytesSource, fileSource } from './load/source.ts'
export { createCatalog } from './models/catalog.ts'
export { chunkSource, type ReadChunk } from './models/chunk-source.ts'
export { openModel, sha256Hash } from './models/open.ts'
export { type InferenceOptions, inferenceDefaults, type Precision } from './options.ts'
export type {
  HostedProcesses,
  InferencePorts,
  KeptItems,
  ProcessResults,
  WeightSource,
} from './ports.ts'
export { type ServiceOptions, serviceDefaults } from './service/options.ts'
export type { Session, SessionOptions, Step } from './session/session.ts'
