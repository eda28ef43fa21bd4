// Rules of the network: the same on every node.

/** What a process may train. */
export const trainingLimits = {
  /** Width of the model. */
  dim: 512,
  /** Width of a feed-forward layer. */
  hidden: 2048,
  /** Layers. */
  layers: 16,
  /** Tokens of the vocabulary. */
  vocab: 4096,
  /** Examples of a step. */
  batch: 64,
  /** Positions of an example. */
  positions: 512,
  /** Steps of a run. */
  steps: 1_000_000,
  /** Weights: a checkpoint, as text, has to fit a result. */
  weights: 600_000,
  /** Weights, gradients and what a step leaves behind, bytes. */
  memoryBytes: 512 * 2 ** 20,
} as const

/** What a training's item may name. */
export const jobLimits = {
  /** The item's data. */
  jobBytes: 65_536,
  /** The dataset's data, bytes. */
  datasetBytes: 64 * 2 ** 20,
  /** The tokenizer's data, bytes. */
  tokenizerBytes: 2 ** 20,
  /** Lines of the dataset. */
  examples: 1_000_000,
  /** Digests that the record of a run may have. */
  checkpoints: 500,
} as const

/** What a message has a training do. */
export const messageLimits = {
  /** Steps where the message does not say. */
  stepsDefault: 10,
  /** Steps of one message at most. */
  stepsMax: 1000,
  /** Gas of one message where neither process nor module states a `Compute-Limit`. */
  gasDefault: 100_000_000,
} as const
