// The records the host writes (node/inference/memory/records.ts has the same order). Every field
// but `epsilon` is a whole number or an address; none has a default.

@unmanaged
export class Layer {
  attentionNorm: usize
  query: usize
  key: usize
  value: usize
  attentionOutput: usize
  feedForwardNorm: usize
  gate: usize
  up: usize
  down: usize
}

@unmanaged
export class Model {
  dim: i32
  hidden: i32
  layers: i32
  heads: i32
  kvHeads: i32
  headDim: i32
  vocab: i32
  /** Positions a cache has room for. */
  context: i32
  /** 0: weights are f32; otherwise they are i8 in groups of so many columns. */
  group: i32
  epsilon: f32
  embedding: usize
  finalNorm: usize
  head: usize
  /** `layers` records of `Layer`, one after another. */
  layerRecords: usize
  /** headDim / 2 angles per position, f64. */
  frequencies: usize
  // Room for one batch of tokens.
  x: usize
  normal: usize
  query: usize
  gate: usize
  up: usize
  turns: usize
  whole: usize
  wholeScales: usize
  scores: usize
  /** f32 logits of the last token of the last batch. */
  logits: usize
}
