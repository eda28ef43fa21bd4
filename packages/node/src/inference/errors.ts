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

/** An answer is asked for its receipt before its end. */
export function answerUnfinished(): HeddleError {
  const text = 'the answer goes on: its receipt exists once it has finished.'
  return new HeddleError('answer-unfinished', 'conflict', text)
}

/** A llama2.c model came without its tokenizer's file. */
export function tokenizerMissing(name: string): HeddleError {
  const text = `model ${name} needs the file of its tokenizer, and has none: add it again with --tokenizer.`
  return new HeddleError('tokenizer-missing', 'missing', text, { name })
}

/** No model of this name or id is kept here. */
export function unknownModel(name: string, known: readonly string[]): HeddleError {
  const shown = known.slice(0, 10).join(', ') || 'none (heddle model add FILE)'
  const text = `unknown model ${name.slice(0, 80)}: no such model is kept here. Known here: ${shown}.`
  return new HeddleError('unknown-model', 'missing', text, { name })
}

/** A chunk or a tokenizer of a model is not kept here. */
export function modelPartMissing(what: string, id: string): HeddleError {
  const text = `${what} of the model (item ${id}) is not kept here: run heddle model add again, it resumes.`
  return new HeddleError('model-part-missing', 'missing', text, { id })
}

/** The memory for models is taken by others that are answering. */
export function modelsBusy(needed: number, allowed: number): HeddleError {
  const text =
    'the memory for models is in use by others that are answering: try again in a moment.'
  return new HeddleError('models-busy', 'unavailable', text, { needed, allowed })
}

/** A caller, or all of them, ask for more answers than may wait. */
export function inferenceBusy(waiting: number, whose: 'yours' | 'all'): HeddleError {
  const text = `${waiting} answers wait already (${whose}): try again when one is done.`
  return new HeddleError('inference-busy', 'exhausted', text, { waiting })
}

/** The thread that computes answers ended. */
export function inferenceThreadLost(why: string): HeddleError {
  const text = `the inference thread ended (${why}): ask again, another is started.`
  return new HeddleError('inference-thread-lost', 'unavailable', text)
}

/** The node is closing. */
export function inferenceClosed(): HeddleError {
  return new HeddleError('inference-closed', 'unavailable', 'the node is closing.')
}

/** No receipt has this id. */
export function unknownReceipt(id: string): HeddleError {
  const text = `unknown receipt ${id.slice(0, 80)}: give the id of a receipt's item, or its digest.`
  return new HeddleError('unknown-receipt', 'missing', text, { id })
}

/** A thread is asked to answer with a model it has not, or no longer. */
export function modelNotLoaded(id: string): HeddleError {
  const text = `model ${id} was unloaded: ask again.`
  return new HeddleError('model-not-loaded', 'unavailable', text, { id })
}

/** What a thread got as a model is none. */
export function packedModelInvalid(what: string): HeddleError {
  return new HeddleError('module-invalid', 'invalid', `invalid model module: ${what}`)
}

/** A process's thread takes smaller models only. */
export function modelTooLargeForProcess(sizeBytes: number, most: number): HeddleError {
  const text =
    `the model has ${sizeBytes} bytes, and processes run models of at most ${most}: ` +
    'ask it at /v1/chat/completions instead.'
  return new HeddleError('module-model-too-large', 'exhausted', text, { sizeBytes, most })
}

/** The process's memory limit is below what its model takes. */
export function modelMemoryLimit(needed: number, allowed: number): HeddleError {
  const text = `the model takes ${needed} bytes and Memory-Limit allows ${allowed}: spawn with a higher one.`
  return new HeddleError('memory-limit-too-low', 'exhausted', text, { needed, allowed })
}

/** A message to a model's process is malformed. */
export function inferMessageInvalid(what: string): HeddleError {
  return new HeddleError('infer-message-invalid', 'invalid', `message to a model: ${what}`)
}

/** An evaluation calls a model wrongly. The text is part of its result. */
export function callRequestInvalid(what: string): HeddleError {
  return new HeddleError('model-call-invalid', 'invalid', `call of a model: ${what}.`)
}

/** A process names as a model what is none; so for every node. */
export function calledItemInvalid(id: string, what: string): HeddleError {
  const text = `item ${id} cannot be called as a model: ${what}`
  return new HeddleError('module-not-callable', 'invalid', text)
}

/** A process calls smaller models only. */
export function modelTooLargeToCall(sizeBytes: number, most: number): HeddleError {
  const text =
    `the model has ${sizeBytes} bytes, and processes call models of at most ${most}: ` +
    'spawn a process of it and ask that.'
  return new HeddleError('module-model-too-large', 'exhausted', text, { sizeBytes, most })
}

/** What this node keeps of a model is not what the manifest names. */
export function modelPartDamaged(cause: HeddleError): HeddleError {
  const text = `the model cannot be loaded from what this node keeps of it: ${cause.message}`
  return new HeddleError('model-part-missing', 'missing', text, cause.details, { cause })
}

/** A message to a training process cannot be followed. */
export function trainMessageInvalid(what: string): HeddleError {
  return new HeddleError('train-message-invalid', 'invalid', `message to a training: ${what}.`)
}

/** The dataset or the tokenizer of a training is not kept here; the process waits for it. */
export function trainingPartMissing(what: string, id: string): HeddleError {
  const text = `the ${what} of the training (item ${id}) is not kept here: upload it, the process goes on then.`
  return new HeddleError('training-part-missing', 'missing', text, { id })
}

/** What this node keeps of a training is not what the training names. */
export function trainingPartDamaged(what: string, id: string): HeddleError {
  const text = `the ${what} of the training (item ${id}) has another hash than the training names.`
  return new HeddleError('training-part-missing', 'missing', text, { id })
}

/** An MCP client names a process that is not hosted here. */
export function mcpUnknownProcess(id: string): HeddleError {
  const text = `unknown process ${id.slice(0, 80)}: list_processes tells those of this node.`
  return new HeddleError('unknown-process', 'missing', text, { id })
}

/** An input of an MCP tool is malformed. */
export function mcpInputInvalid(what: string): HeddleError {
  return new HeddleError('mcp-input-invalid', 'invalid', `${what}.`)
}

/** A caller from another machine asks a tool to act. */
export function mcpSendDenied(): HeddleError {
  const text =
    'messages are sent for callers on the same machine only: sign and post your own instead.'
  return new HeddleError('mcp-send-denied', 'denied', text)
}

/** A page of another site asks. */
export function mcpOriginDenied(origin: string): HeddleError {
  const text = `pages of ${origin.slice(0, 80)} may not use /mcp: call it from a program.`
  return new HeddleError('mcp-origin-denied', 'denied', text)
}

/** The process answered with an error; its state is as before. */
export function mcpProcessFailed(error: string): HeddleError {
  return new HeddleError('process-failed', 'invalid', error)
}
