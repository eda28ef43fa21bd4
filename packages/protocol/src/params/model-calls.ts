/**
 * Calls of models from within an evaluation (`model.complete`): what every node agrees on, as it decides
 * what a message may do and what it costs. The cost of a token is `tokenGas` of `protocol/model`.
 */
export const modelCalls = {
  /** Tag of the process item, repeated: ids of the models it may call. They are loaded before it runs. */
  tag: 'Calls-Model',
  modelsMax: 4,
  /** Weights of one model, as the file has them. Larger ones are asked by message. */
  weightBytesMax: 64 * 2 ** 20,
  callsPerMessage: 64,
  /** UTF-16 units of a prompt, and of the whole request as JSON. */
  promptLength: 65_536,
  requestLength: 262_144,
  tokensDefault: 128,
  tokensMax: 1024,
  /** Units of a model's gas that a call costs beside its tokens, and each unit of its request's JSON. */
  callGas: 1000,
  requestGasPerUnit: 4,
  /** What a unit of a model's gas (a thousand multiplications) costs: steps of `js` actors, units of `gas-2`. */
  stepsPerGas: 4,
  unitsPerGas: 250,
} as const
