import { HeddleError } from '../base/index.ts'

/** The file is not a model of its format, or breaks a limit. */
export function modelInvalid(what: string): HeddleError {
  return new HeddleError('model-invalid', 'invalid', `model file: ${what}`)
}

/** The file ends before what its header announces. */
export function modelTruncated(needed: number, present: number): HeddleError {
  return new HeddleError(
    'model-truncated',
    'invalid',
    `model file is cut off: ${needed} bytes are announced, ${present} are there. Fetch it again.`,
    { needed, present },
  )
}

/** The header goes on beyond the bytes at hand: give more of the file. */
export function headerIncomplete(present: number): HeddleError {
  return new HeddleError(
    'model-header-incomplete',
    'invalid',
    `the header of the model file is longer than the ${present} bytes read of it.`,
    { present },
  )
}

/** A well-formed model that this engine does not run. */
export function modelUnsupported(what: string): HeddleError {
  return new HeddleError('model-unsupported', 'invalid', `model is not supported: ${what}`)
}

/** A tensor is missing or has another shape than the header says. */
export function tensorInvalid(name: string, what: string): HeddleError {
  return new HeddleError('tensor-invalid', 'invalid', `tensor ${name}: ${what}`, { name })
}

/** The tokenizer does not fit the model, or its file is malformed. */
export function tokenizerInvalid(what: string): HeddleError {
  return new HeddleError('tokenizer-invalid', 'invalid', `tokenizer: ${what}`)
}

/** A token is not in the vocabulary. */
export function tokenOutOfRange(token: number, vocab: number): HeddleError {
  return new HeddleError(
    'token-out-of-range',
    'invalid',
    `token ${token} is not in the vocabulary: tokens are whole numbers from 0 to ${vocab - 1}.`,
    { token, vocab },
  )
}

/** The text is longer than a prompt may be. */
export function textTooLong(length: number, most: number): HeddleError {
  return new HeddleError(
    'text-too-long',
    'exhausted',
    `the text has ${length} characters, ${most} is the most that is tokenised at once.`,
    { length, most },
  )
}

/** Temperature, top-p or seed is out of its bounds. */
export function samplingInvalid(what: string): HeddleError {
  return new HeddleError('sampling-invalid', 'invalid', `sampling: ${what}`)
}

/** The weights are longer than any engine takes, or empty. */
export function modelTooLong(sizeBytes: number, most: number): HeddleError {
  return new HeddleError(
    'model-invalid',
    'invalid',
    `weights of ${sizeBytes} bytes: from 1 to ${most} are taken.`,
    { sizeBytes, most },
  )
}

/** A manifest does not say what a manifest must. */
export function manifestInvalid(what: string): HeddleError {
  return new HeddleError('manifest-invalid', 'invalid', `model manifest: ${what}`)
}

/** The chunks of a manifest do not lead to its root. */
export function modelRootMismatch(stated: string, actual: string): HeddleError {
  return new HeddleError(
    'model-root-mismatch',
    'invalid',
    `model manifest: its chunks lead to root ${actual}, not to ${stated}: it was altered.`,
    { stated, actual },
  )
}

/** A chunk of weights is not the one that the manifest names. */
export function chunkDamaged(index: number, fromByte: number): HeddleError {
  return new HeddleError(
    'chunk-damaged',
    'invalid',
    `chunk ${index} of the weights (from byte ${fromByte}) is not the one of the manifest: ` +
      'it was damaged or replaced. Add the model again.',
    { index, fromByte },
  )
}

/** The tokenizer's bytes are not those that the manifest names. */
export function tokenizerHashMismatch(stated: string, actual: string): HeddleError {
  return new HeddleError(
    'tokenizer-hash-mismatch',
    'invalid',
    `the tokenizer has hash ${actual}, the manifest names ${stated}: it belongs to another model.`,
    { stated, actual },
  )
}

/** A prompt asks for what the model's tokenizer has not. */
export function promptInvalid(what: string): HeddleError {
  return new HeddleError('prompt-invalid', 'invalid', `prompt: ${what}`)
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

/** The file is not what its manifest describes. */
export function manifestMismatch(field: string, stated: string, actual: string): HeddleError {
  const text = `the manifest says ${field} ${stated}, the weights say ${actual}: add the model again.`
  return new HeddleError('manifest-mismatch', 'invalid', text, { field, stated, actual })
}
