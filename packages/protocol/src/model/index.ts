export {
  type ChatFormat,
  type ChatMessage,
  chatFormats,
  chatPrompt,
  fewestTokens,
  guessChatFormat,
  type PromptPart,
  promptTokens,
} from './chat.ts'
export {
  type ChunkList,
  checkChunk,
  chunkBytes,
  chunkCount,
  chunkRange,
  chunkRoot,
  weightBytesMax,
} from './chunks.ts'
export { manifestMismatch, tokenizerHashMismatch, tokenizerMismatch } from './errors.ts'
export { type GgufHeader, ggufLimits, readGguf } from './files/gguf.ts'
export { readGgufModel } from './files/gguf-model.ts'
export { readGgufTokenizer } from './files/gguf-tokenizer.ts'
export {
  formatBlocks,
  type LayerParts,
  type ModelLayout,
  partBytes,
  type TensorPart,
  type WeightFormat,
} from './files/layout.ts'
export { llama2cHeaderBytes, readLlama2c } from './files/llama2c.ts'
export { readLlama2cTokenizer } from './files/llama2c-tokenizer.ts'
export { inspectModelFile, type ReadStart, readGgufHeader } from './files/open.ts'
export { cosineSine, ln } from './functions.ts'
export {
  checkManifestShape,
  type ModelFormat,
  type ModelManifest,
  manifestBytesMax,
  modelModuleFormat,
  modelTypes,
  readManifest,
  writeManifest,
} from './manifest.ts'
export { type Quantized, quantize } from './reference/arithmetic.ts'
export {
  type Matrix,
  newReferenceCache,
  type ReferenceCache,
  type ReferenceLayer,
  type ReferenceModel,
  referenceForward,
} from './reference/forward.ts'
export { readReferenceModel } from './reference/weights.ts'
export { uniformAt } from './sampling/counter.ts'
export { checkSampling, greedy, type Sampling, sampleToken } from './sampling/sample.ts'
export { createStopMatcher, type StopMatcher } from './sampling/stops.ts'
export { checkShape, type ModelShape, modelLimits, ropeFrequencies, tokenGas } from './shape.ts'
export { checkToken, type Tokenizer, tokensToBytes } from './tokenizer/tokenizer.ts'
