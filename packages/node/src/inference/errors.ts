import { HeddleError } from '@heddle/protocol/base'

/** An option is out of its bounds. */
export function inferenceOptionInvalid(what: string): HeddleError {
  return new HeddleError('inference-option-invalid', 'invalid', `inference: ${what}`)
}

/** The model, its scratch and its caches do not fit into what the options allow. */
export function modelTooLarge(needed: number, allowed: number): HeddleError {
  const mib = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MiB`
  return new HeddleError(
    'model-too-large',
    'exhausted',
    `the model needs ${mib(needed)}, ${mib(allowed)} are allowed: raise memoryBytesMax, lower ` +
      'contextTokens or sessionsMax, or load it as int8.',
    { needed, allowed },
  )
}

/**
 * A weight is not finite, or larger than any trained one; the model could not be computed safely.
 */
export function weightInvalid(name: string, index: number, most: number): HeddleError {
  return new HeddleError(
    'weight-invalid',
    'invalid',
    `weight ${index} of tensor ${name} is not finite or beyond ${most}: the file is damaged.`,
    { name, index },
  )
}

/** The kernels are not where the package has them. */
export function kernelMissing(path: string): HeddleError {
  return new HeddleError(
    'kernel-missing',
    'internal',
    `the inference kernels are missing at ${path}: install the package again.`,
    { path },
  )
}

/** All caches of a model are in use. */
export function sessionsExhausted(most: number): HeddleError {
  return new HeddleError(
    'sessions-exhausted',
    'exhausted',
    `all ${most} sessions of the model are in use: end one, or load it with a higher sessionsMax.`,
    { most },
  )
}

/** The session has ended, or its answer has. */
export function sessionEnded(why: string): HeddleError {
  return new HeddleError('session-ended', 'conflict', `the session ${why}: begin another.`)
}

/** Nothing was fed yet, so there is nothing to go on from. */
export function promptMissing(): HeddleError {
  return new HeddleError('prompt-missing', 'invalid', 'feed at least one token before a step.')
}

/** The tokens do not fit into the context. */
export function contextExceeded(wanted: number, context: number): HeddleError {
  return new HeddleError(
    'context-exceeded',
    'exhausted',
    `${wanted} tokens do not fit into the context of ${context}: shorten the prompt.`,
    { wanted, context },
  )
}

/** The next tokens would cost more gas than is left. Nothing was computed. */
export function gasExhausted(needed: number, left: number): HeddleError {
  return new HeddleError(
    'gas-exhausted',
    'exhausted',
    `the next tokens cost ${needed} gas and ${left} is left: begin with a higher gasLimit.`,
    { needed, left },
  )
}

/** The tokenizer belongs to another model. */
export function tokenizerMismatch(tokens: number, vocab: number): HeddleError {
  return new HeddleError(
    'tokenizer-mismatch',
    'invalid',
    `the tokenizer has ${tokens} tokens and the model ${vocab}: it belongs to another model.`,
    { tokens, vocab },
  )
}
