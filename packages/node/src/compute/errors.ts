import { errorMessage, HeddleError, isHeddleError } from '@heddle/protocol/base'

/** An option is out of its bounds. */
export function computeOptionInvalid(what: string): HeddleError {
  return new HeddleError('compute-option-invalid', 'invalid', `compute: ${what}`)
}

/** No log here has this process. */
export function unknownProcess(processId: string, known: number): HeddleError {
  return new HeddleError(
    'unknown-process',
    'missing',
    `unknown process ${processId}: no scheduler has announced it. ` +
      `Known here: ${known} (heddle list processes).`,
    { processId },
  )
}

/** The process has no slot for this message. */
export function unknownMessage(processId: string, what: string): HeddleError {
  return new HeddleError(
    'unknown-message',
    'missing',
    `unknown message ${what}: it was not scheduled on process ${processId}.`,
    { processId },
  )
}

/** The module of a process is not here (yet); the process boots once it is. */
export function unknownModule(moduleId: string, processId: string): HeddleError {
  return new HeddleError(
    'unknown-module',
    'missing',
    `unknown module ${moduleId}: add it with heddle module add. ` +
      `Process ${processId} boots as soon as it is here.`,
    { moduleId, processId },
  )
}

/** A model that a process calls is not here (yet); the process goes on once it is. */
export function unknownCalledModel(modelId: string, processId: string): HeddleError {
  return new HeddleError(
    'unknown-model',
    'missing',
    `unknown model ${modelId}: add it with heddle model add. ` +
      `Process ${processId}, which calls it, goes on as soon as it is here.`,
    { modelId, processId },
  )
}

/** Models of live processes take all the memory there is for them; the process goes on once there is room. */
export function modelMemoryFull(
  modelId: string,
  neededBytes: number,
  usedBytes: number,
  bytesMax: number,
): HeddleError {
  const [needed, used, most] = [neededBytes, usedBytes, bytesMax].map((bytes) =>
    Math.ceil(bytes / 2 ** 20),
  )
  return new HeddleError(
    'model-memory-full',
    'unavailable',
    `model ${modelId} takes ${needed} MiB, and models of processes may take ${most} MiB here, of which ` +
      `${used} are in use: start the node with a larger --compute-memory-mib. The process goes on ` +
      'once there is room.',
    { modelId, neededBytes, usedBytes, bytesMax },
  )
}

/** An item assigned to a process is not here (yet); the process goes on once it is. */
export function unknownItem(itemId: string, processId: string, slot: number): HeddleError {
  return new HeddleError(
    'unknown-item',
    'missing',
    `unknown item ${itemId}, assigned to slot ${slot} of ${processId}: upload it to this node, ` +
      'and the process goes on.',
    { itemId, processId, slot },
  )
}

/** The log of a process breaks a rule: nothing after it may be evaluated. */
export function logInvalid(
  processId: string,
  slot: number,
  what: string,
  cause?: unknown,
): HeddleError {
  return new HeddleError(
    'log-invalid',
    'invalid',
    `process ${processId} is stopped at slot ${slot}: ${what}. ` +
      'Its scheduler has to answer for it; results before the slot stay valid.',
    { processId, slot },
    { cause },
  )
}

/** The slot is scheduled, but was not evaluated within the caller's patience. */
export function evaluationPending(processId: string, slot: number, evaluated: number): HeddleError {
  return new HeddleError(
    'evaluation-pending',
    'unavailable',
    `slot ${slot} of ${processId} is not evaluated yet (${evaluated} slots are): ask again.`,
    { processId, slot, evaluated },
  )
}

/** The state of a process is not at hand within the caller's patience: it is busy, or others ask first. */
export function statePending(processId: string): HeddleError {
  return new HeddleError(
    'state-pending',
    'unavailable',
    `process ${processId} is busy, or others who read its state are first: ask again.`,
    { processId },
  )
}

/** Replaying good messages gave an error: this machine does not reproduce its own results. */
export function replayDiverged(processId: string, slot: number, what: string): HeddleError {
  return new HeddleError(
    'replay-diverged',
    'internal',
    `process ${processId} is stopped: slot ${slot} succeeded before and fails in its replay ` +
      `(${what}). Report it with the module's id.`,
    { processId, slot },
  )
}

/**
 * Why a thread ended, and which evaluation was under way then: a process's number, and the slot.
 */
export type ThreadLoss = {
  readonly reason: 'timeout' | 'crash' | 'closed'
  readonly text: string
  readonly number?: number
  readonly slot?: number
}

/** A thread ended while it had work; `details` is the `ThreadLoss`. */
export function threadLost(loss: ThreadLoss): HeddleError {
  const text = `a compute thread ended: ${loss.text}`
  return new HeddleError('compute-thread-lost', 'unavailable', text, loss)
}

/** The loss that an error tells of, or undefined. */
export function lossOf(error: unknown): ThreadLoss | undefined {
  if (!isHeddleError(error, 'compute-thread-lost')) return undefined
  return error.details as ThreadLoss
}

/** A process could not be brought to life, time after time. */
export function processUnstable(processId: string, what: string): HeddleError {
  return new HeddleError(
    'process-unstable',
    'unavailable',
    `process ${processId} cannot be evaluated here now: ${what}`,
    { processId },
  )
}

/** Too many dry-runs at once. */
export function dryRunsExhausted(what: string): HeddleError {
  return new HeddleError('dry-runs-exhausted', 'exhausted', `too many dry-runs: ${what}. Wait.`)
}

/** A query parameter or body that cannot be read. */
export function requestInvalid(what: string): HeddleError {
  return new HeddleError('request-invalid', 'invalid', what)
}

/** A result record that this version cannot read. */
export function recordInvalid(what: string): HeddleError {
  return new HeddleError('result-record-invalid', 'internal', `result record: ${what}`)
}

/** No state from before a slot is kept here. */
export function checkpointMissing(processId: string, slotMax: number): HeddleError {
  return new HeddleError(
    'checkpoint-missing',
    'missing',
    `no checkpoint of ${processId} before slot ${slotMax} is kept here: ask for a later one, ` +
      'or run the log from slot 0.',
    { processId, slotMax },
  )
}

/** The node is stopping. */
export function computeClosed(): HeddleError {
  return new HeddleError('compute-closed', 'unavailable', 'the compute unit is closed')
}

/** The log does not give back an entry it had. */
export function logUnreadable(processId: string, slot: number): HeddleError {
  return new HeddleError(
    'log-unreadable',
    'unavailable',
    `the log of ${processId} does not give slot ${slot} back: check the node's disk.`,
    { processId, slot },
  )
}

/**
 * The results journal will not take this unit's results any more, e.g. since another unit claimed
 * it.
 */
export function resultsRefused(processId: string, cause: unknown): HeddleError {
  return new HeddleError(
    'results-refused',
    'internal',
    `process ${processId} is stopped: its results cannot be written (${errorMessage(cause)}). ` +
      'Start the node again once the cause is gone; nothing acknowledged is lost.',
    { processId },
    { cause },
  )
}
