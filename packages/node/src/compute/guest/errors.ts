import { errorMessage, HeddleError } from '@heddle/protocol/base'

/** The guest trapped, exited or aborted: its memory is no longer a state of the process. */
export function guestFault(reason: string, cause?: unknown): HeddleError {
  const options = cause === undefined ? {} : { cause }
  return new HeddleError(
    'guest-fault',
    'invalid',
    `the module failed: ${reason}`,
    { reason },
    options,
  )
}

/** The message opens a file, which takes an unwind: see `GuestContext.mayRestart`. */
export function guestMustSuspend(): HeddleError {
  return new HeddleError(
    'guest-must-suspend',
    'unavailable',
    'the module has to stop in the middle of the message: run it again in the way that can',
  )
}

/** This machine, not the guest, could not go on. Nothing may be concluded about the message. */
export function guestHostFailure(reason: string, cause?: unknown): HeddleError {
  return new HeddleError(
    'guest-host-failure',
    'unavailable',
    `this machine cannot run the module now: ${reason}`,
    { reason },
    { cause },
  )
}

/** The message does not fit the module's stack. The guest was not entered and is unchanged. */
export function guestMessageTooLarge(messageBytes: number, freeBytes: number): HeddleError {
  return new HeddleError(
    'guest-message-too-large',
    'exhausted',
    `the message and its environment take ${messageBytes} bytes and the module has ${freeBytes} ` +
      'bytes of stack for them: send less data in one message',
    { messageBytes, freeBytes },
  )
}

/** The reply is longer than any that is taken; it was not decoded. */
export function guestReplyTooLarge(replyBytes: number, lengthMax: number): HeddleError {
  return new HeddleError(
    'guest-reply-too-large',
    'exhausted',
    `the result is too large: ${replyBytes} bytes, and ${lengthMax} characters are the most. ` +
      'Emit less in one message.',
    { replyBytes, lengthMax },
  )
}

/** One message may read only so much of a drive. */
export function driveLimit(what: string): HeddleError {
  return new HeddleError('weave-drive-limit', 'exhausted', `the module ${what}`)
}

/** No glue here for this `Module-Format`. The text becomes results, so it tells nothing of this node. */
export function moduleFormatUnknown(format: string, known: readonly string[]): HeddleError {
  return new HeddleError(
    'module-format-unknown',
    'invalid',
    `unknown Module-Format ${JSON.stringify(format)}: \`heddle module add FILE\` reads it off the file`,
    { format, known },
  )
}

/** Not a WebAssembly module, or not one of the kind its format promises. */
export function moduleInvalid(reason: string, cause?: unknown): HeddleError {
  const options = cause === undefined ? {} : { cause }
  return new HeddleError(
    'module-invalid',
    'invalid',
    `invalid module: ${reason}`,
    { reason },
    options,
  )
}

/**
 * The engine did not compile a module. In our words: the engine's are other ones in its next version, and
 * these become results. What is no fault of the module's is this machine's.
 */
export function notCompiled(error: unknown): HeddleError {
  return error instanceof WebAssembly.CompileError
    ? moduleInvalid('no engine compiles it', error)
    : guestHostFailure(errorMessage(error), error)
}

/** The module asks its host for something that is not offered. */
export function moduleImportsUnknown(names: readonly string[]): HeddleError {
  return new HeddleError(
    'module-imports-unknown',
    'invalid',
    `the module imports what no AO host offers: ${names.join(', ')}. Build it without them`,
    { names },
  )
}

/** Shared memory or atomic instructions: their results depend on the machine's timing. */
export function moduleThreads(reason: string): HeddleError {
  return new HeddleError(
    'module-threads',
    'invalid',
    `the module uses threads (${reason}), whose results no one can replay: build it without them`,
    { reason },
  )
}

/** An instruction whose result may differ between machines, or that this node cannot judge. */
export function moduleInstructionRefused(name: string, reason: string): HeddleError {
  return new HeddleError(
    'module-instruction-refused',
    'invalid',
    `the module contains ${name}: ${reason}`,
    { instruction: name },
  )
}

/** The memory limit is below what the module (or the image) has to begin with. */
export function memoryLimitTooLow(neededBytes: number, limitBytes: number): HeddleError {
  return new HeddleError(
    'memory-limit-too-low',
    'exhausted',
    `the module needs ${neededBytes} bytes of memory and the limit is ${limitBytes}: ` +
      'raise Memory-Limit',
    { neededBytes, limitBytes },
  )
}

/** Bytes that are not an intact memory image. */
export function imageInvalid(reason: string): HeddleError {
  return new HeddleError('image-invalid', 'invalid', `invalid memory image: ${reason}`, { reason })
}
